/**
 * A crash as one would like to read it at three in the morning: what, when, how often, is it well again, why, what to do, its last
 * words, and where there is more.
 */
import { formatDuration } from '../../kit/units.ts';
import type { AppView, CrashRecord, OutputLine } from '../../protocol/api.ts';
import type { Style } from './style.ts';
import { plain, plainButColours } from './text.ts';
import { formatMoment, formatMomentAndAge } from './time.ts';

/** Crashes of one app with the same cause and the same explanation, or the same last words. */
export interface CrashGroup {
  readonly newest: CrashRecord;
  /** Those before it, oldest first. */
  readonly earlier: readonly CrashRecord[];
}

/** An app that crashes again and again says one thing, not twenty. In the order of their newest, newest last. */
export function groupCrashes(records: readonly CrashRecord[]): CrashGroup[] {
  const groups = new Map<string, CrashRecord[]>();
  for (const record of records) {
    const key = JSON.stringify([record.app, record.cause, looks(record)]);
    const group = groups.get(key) ?? [];
    groups.delete(key); // to the end of the order
    groups.set(key, [...group, record]);
  }
  return [...groups.values()].flatMap((group) => {
    const newest = group.at(-1);
    return newest ? [{ newest, earlier: group.slice(0, -1) }] : [];
  });
}

/** What crashes of the same cause have in common; long figures in last words, such as times and pids, do not matter. */
function looks({ cause, diagnosis, lastOutput }: CrashRecord): readonly string[] {
  if (diagnosis !== null) return [diagnosis];
  return isExit(cause) ? lastOutput.map(({ text }) => text.replaceAll(/\d{2,}/g, '0')) : [];
}

/** `web.0 exited with code 1`, as opposed to `web.0: the event loop was blocked`, which says why. */
function isExit(cause: string): boolean {
  return /^(exited|killed|ended) /.test(cause);
}

export interface CrashOptions {
  readonly now: number;
  /** How many of its last lines. */
  readonly lines: number;
  /** The app as it is now; undefined when it is deleted. */
  readonly app?: AppView | undefined;
}

const STACK_LINES = 8;
const SHORT_LINES = 3;

/** All of it. */
export function crashLines(group: CrashGroup, style: Style, options: CrashOptions): string[] {
  const { newest } = group;
  return [
    ...headLines(group, style, options),
    ...field('now', nowWords(options.app), style),
    ...field('to do', newest.advice ?? null, style),
    ...stackLines(newest, style, options),
    ...outputLines(newest, style, options),
    ...whereMore(newest, style),
  ];
}

/** For one that is not the newest: what, when, how often, and why, or its very last words. */
export function shortLines(group: CrashGroup, style: Style, options: CrashOptions): string[] {
  const { newest } = group;
  const words = newest.diagnosis === null ? newest.lastOutput.slice(-SHORT_LINES) : [];
  return [...headLines(group, style, options), ...words.map((line) => outputLine(line, style))];
}

function headLines({ newest, earlier }: CrashGroup, style: Style, { now }: CrashOptions): string[] {
  const cause = plain(newest.cause);
  const uptime = formatDuration(newest.uptimeMs);
  const head = isExit(cause) ? ` ${style.red(cause)} after ${uptime}` : `: ${style.red(cause)}`;
  const facts = [
    formatMomentAndAge(newest.time, now),
    ...(newest.pid === null ? [] : [`pid ${newest.pid}`]),
    ...(isExit(cause) ? [] : [`it had run for ${uptime}`]),
  ];
  return [
    `${style.bold(newest.instance)}${head}`,
    `  ${style.dim(facts.join(', '))}`,
    ...sameBefore(earlier, now).map((line) => `  ${style.yellow(line)}`),
    ...field('why', newest.diagnosis, style),
  ];
}

function field(name: string, text: string | null, style: Style): string[] {
  return text === null ? [] : [`  ${style.dim(`${name}:`.padEnd(6))} ${plain(text)}`];
}

function nowWords(app: AppView | undefined): string | null {
  if (!app) return null;
  const ready = app.instances.filter(({ status }) => status === 'ready').length;
  return app.wanted === 0 ? app.status : `${app.status}, ${ready} of ${app.wanted} ready`;
}

function stackLines({ stack, lastOutput }: CrashRecord, style: Style, { lines }: CrashOptions): string[] {
  // What it printed itself stands below.
  if (stack.length === 0 || lastOutput.some(({ text }) => text.trim() === stack[0])) return [];
  const shown = Number.isFinite(lines) ? stack.slice(0, STACK_LINES) : stack;
  const hidden = stack.length - shown.length;
  return [
    `  ${style.dim('where it was:')}`,
    ...shown.map((line) => `    ${plain(line)}`),
    ...(hidden > 0 ? [`    ${style.dim(`… ${hidden} more: add --verbose`)}`] : []),
  ];
}

function outputLines({ lastOutput }: CrashRecord, style: Style, { lines }: CrashOptions): string[] {
  const shown = lastOutput.slice(-lines);
  const hidden = lastOutput.length - shown.length;
  return [
    ...(hidden > 0 ? [`  ${style.dim(`… ${hidden} lines before these: add --verbose`)}`] : []),
    ...shown.map((line) => outputLine(line, style)),
    ...(shown.length === 0 ? [`  ${style.dim('it wrote nothing')}`] : []),
  ];
}

function outputLine({ stream, text }: OutputLine, style: Style): string {
  const mark = stream === 'err' ? style.red('!') : style.dim('|');
  return `  ${mark} ${style.colour ? plainButColours(text) : plain(text)}`.trimEnd();
}

/** Its log from a minute before the crash on. */
function whereMore({ app, time, report }: CrashRecord, style: Style): string[] {
  const since = new Date(Date.parse(time) - 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
  const where = [
    `all of its log: hold logs ${app} --since ${since}`,
    ...(report === null ? [] : [`Node's report:  ${plain(report)}`]),
  ];
  return where.map((line) => `  ${style.dim(line)}`);
}

function sameBefore(earlier: readonly CrashRecord[], now: number): string[] {
  const [oldest] = earlier;
  if (!oldest) return [];
  const instances = [...new Set(earlier.map(({ instance }) => instance))].sort().join(', ');
  const times = earlier.length === 1 ? 'once' : `${earlier.length} times`;
  return [`the same ${times} before, since ${formatMoment(oldest.time, now)} (${instances})`];
}
