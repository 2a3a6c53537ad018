/** A line of an app's log: `12:04:05 web.0 | text`, `!` in place of `|` for stderr. */
import type { Style } from './style.ts';
import { plain, plainButColours } from './text.ts';
import { formatMoment } from './time.ts';

export interface PrintableLine {
  readonly time: string | number;
  readonly app: string;
  readonly instance: string;
  readonly stream: 'out' | 'err';
  readonly text: string;
}

export interface LogLineOptions {
  readonly style: Style;
  readonly now: number;
  /** A person reads it: local time, and nothing that could steer the terminal. Otherwise: UTC, and the text as it is. */
  readonly forTerminal: boolean;
  /** Instances are padded to this width, so that texts begin in one column. */
  readonly nameWidth: number;
}

export function logLine(line: PrintableLine, { style, now, forTerminal, nameWidth }: LogLineOptions): string {
  const name = line.instance.padEnd(nameWidth);
  const mark = line.stream === 'err' ? '!' : '|';
  if (!forTerminal) return `${new Date(line.time).toISOString()} ${name} ${mark} ${line.text}`;
  const paint = appColour(line.app, style);
  const separator = line.stream === 'err' ? style.red(mark) : paint(mark);
  const text = style.colour ? plainButColours(line.text) : plain(line.text);
  return `${style.dim(formatMoment(line.time, now))} ${paint(name)} ${separator} ${text}`;
}

/** The same for an app every time, so that the eye learns it. Red is for trouble. */
export function appColour(app: string, style: Style): (text: string) => string {
  const paints = [style.cyan, style.green, style.magenta, style.blue, style.yellow];
  let hash = 0;
  for (const character of app) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return paints[hash % paints.length] ?? style.cyan;
}
