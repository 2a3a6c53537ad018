/** A crash as one would like to read it at three in the morning: what, when, why, and its last words. */
import { formatDuration } from '../../kit/units.ts';
import type { CrashRecord } from '../../protocol/api.ts';
import type { Style } from './style.ts';
import { plain, plainButColours } from './text.ts';
import { formatMoment, formatMomentAndAge } from './time.ts';

/** Crashes of one app with the same cause and the same last words. */
export interface CrashGroup {
  readonly newest: CrashRecord;
  /** Those before it, oldest first. */
  readonly earlier: readonly CrashRecord[];
}

/** An app that crashes again and again says one thing, not twenty. In the order of their newest, newest last. */
export function groupCrashes(records: readonly CrashRecord[]): CrashGroup[] {
  const groups = new Map<string, CrashRecord[]>();
  for (const record of records) {
    const words = record.lastOutput.map(({ text }) => text);
    const key = JSON.stringify([record.app, record.cause, words]);
    const group = groups.get(key) ?? [];
    groups.delete(key); // to the end of the order
    groups.set(key, [...group, record]);
  }
  return [...groups.values()].flatMap((group) => {
    const newest = group.at(-1);
    return newest ? [{ newest, earlier: group.slice(0, -1) }] : [];
  });
}

export interface CrashOptions {
  readonly now: number;
  /** How many of its last lines. */
  readonly lines: number;
}

export function crashLines(
  { newest, earlier }: CrashGroup,
  style: Style,
  { now, lines }: CrashOptions,
): string[] {
  const pid = newest.pid === null ? '' : `, pid ${newest.pid}`;
  const shown = newest.lastOutput.slice(-lines);
  const hidden = newest.lastOutput.length - shown.length;
  return [
    `${style.bold(newest.instance)} ${style.red(plain(newest.cause))} after ${formatDuration(newest.uptimeMs)}`,
    `  ${style.dim(`${formatMomentAndAge(newest.time, now)}${pid}`)}`,
    ...sameBefore(earlier, now).map((line) => `  ${style.yellow(line)}`),
    ...(hidden > 0 ? [`  ${style.dim(`… ${hidden} lines before these: add --verbose`)}`] : []),
    ...shown.map(({ stream, text }) => {
      const mark = stream === 'err' ? style.red('!') : style.dim('|');
      return `  ${mark} ${style.colour ? plainButColours(text) : plain(text)}`.trimEnd();
    }),
    ...(shown.length === 0 ? [`  ${style.dim('it wrote nothing')}`] : []),
  ];
}

function sameBefore(earlier: readonly CrashRecord[], now: number): string[] {
  const [oldest] = earlier;
  if (!oldest) return [];
  const instances = [...new Set(earlier.map(({ instance }) => instance))].sort().join(', ');
  const times = earlier.length === 1 ? 'once' : `${earlier.length} times`;
  return [`the same ${times} before, since ${formatMoment(oldest.time, now)} (${instances})`];
}
