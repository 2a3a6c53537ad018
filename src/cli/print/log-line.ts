/**
 * A line of an app's log: `12:04:05 web.0 | text`, `!` in place of `|` for stderr. A line that is JSON of a logger is shown
 * as `12:04:05 web.0 | ERROR message key=value`, with the stack of its error below.
 */
import type { Level, StructuredLine } from '../../logs/structured.ts';
import type { Style } from './style.ts';
import { plain, plainButColours } from './text.ts';
import { formatMoment } from './time.ts';

export interface PrintableLine {
  readonly time: string | number;
  readonly app: string;
  readonly instance: string;
  readonly stream: 'out' | 'err';
  readonly text: string;
  readonly structured?: StructuredLine;
}

export interface LogLineOptions {
  readonly style: Style;
  readonly now: number;
  /** A person reads it: local time, and nothing that could steer the terminal. Otherwise: UTC, and the text as it is. */
  readonly forTerminal: boolean;
  /** Instances are padded to this width, so that texts begin in one column. */
  readonly nameWidth: number;
}

export function logLine(line: PrintableLine, options: LogLineOptions): string {
  const { style, now, forTerminal, nameWidth } = options;
  const name = line.instance.padEnd(nameWidth);
  const mark = line.stream === 'err' ? '!' : '|';
  const time = line.structured?.time ?? line.time;
  const text = line.structured ? structuredText(line.structured, options) : line.text;
  if (!forTerminal) return `${new Date(time).toISOString()} ${name} ${mark} ${text}`;
  const paint = appColour(line.app, style);
  const separator = line.stream === 'err' ? style.red(mark) : paint(mark);
  const shown = line.structured ? text : safe(text, style);
  return `${style.dim(formatMoment(time, now))} ${paint(name)} ${separator} ${shown}`;
}

/** The same for an app every time, so that the eye learns it. Red is for trouble. */
export function appColour(app: string, style: Style): (text: string) => string {
  const paints = [style.cyan, style.green, style.magenta, style.blue, style.yellow];
  let hash = 0;
  for (const character of app) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return paints[hash % paints.length] ?? style.cyan;
}

function structuredText(line: StructuredLine, { style, forTerminal }: LogLineOptions): string {
  const clean = (text: string) => (forTerminal ? safe(text, style) : text);
  const paint = levelColour(line.level, style);
  const fields = Object.entries(line.fields).map(
    ([key, value]) => `${style.dim(`${clean(key)}=`)}${clean(word(value))}`,
  );
  const parts = [paint(line.level.toUpperCase()), ...message(line), ...fields];
  const stack = line.stack === null ? [] : line.stack.split('\n').map((each) => `    ${clean(each)}`);
  return [parts.join(' '), ...stack].join('\n');

  /** What is there of it: a message of several lines stays one. */
  function message({ message: text }: StructuredLine): string[] {
    return text === '' ? [] : [text.split('\n').map(clean).join('\n    ')];
  }
}

function levelColour(level: Level, style: Style): (text: string) => string {
  switch (level) {
    case 'fatal':
      return (text) => style.inverse(style.red(text));
    case 'error':
      return style.red;
    case 'warn':
      return style.yellow;
    case 'info':
      return style.green;
    default:
      return style.dim;
  }
}

/** `a=b c="d e" f={"g":1}` */
function word(value: unknown): string {
  const simple = typeof value === 'string' && /^[^\s"=]+$/.test(value);
  return simple ? value : (JSON.stringify(value) ?? 'undefined');
}

function safe(text: string, style: Style): string {
  return style.colour ? plainButColours(text) : plain(text);
}
