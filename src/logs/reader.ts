/** Reads logs from disk only, so it works with the daemon down. */
import { followLogs } from './follow.ts';
import { loggedApps } from './log-files.ts';
import {
  type LineFilter,
  type LineParser,
  type LogLine,
  lineParser,
  sinceTime,
  untilTime,
} from './log-line.ts';
import { boundedSnapshot, type LogSnapshot, lastLinesOf, linesSince, takeSnapshot } from './log-snapshot.ts';
import { mergeByTime } from './merge.ts';
import { needleOf } from './needle.ts';

export type { LogLine } from './log-line.ts';

export interface ReadLogsOptions extends LineFilter {
  /** The log directory. */
  readonly dir: string;
  /** Unless told: all that have a log, and with `follow` those that will. */
  readonly apps?: readonly string[];
  /** How many lines of the past, over all apps together; all unless told. */
  readonly tail?: number;
  /** Go on with what is written from now on, until `signal` or the consumer ends it. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Lines of one or more apps, merged in the order of time; lines of one app in the order of its file. First the past
 * (limited by `tail` and `since`, rotated and compressed files included), then, with `follow`, what is added, with nothing
 * lost or doubled between the two. Ends without an error when `signal` is aborted. Throws HOME_UNUSABLE when a file
 * cannot be read.
 */
export async function* readLogs(options: ReadLogsOptions): AsyncGenerator<LogLine> {
  const { dir, apps, tail = Number.POSITIVE_INFINITY, follow = false, signal } = options;
  const parse = lineParser(options);
  const since = sinceTime(options);
  const needle = options.grep && needleOf(options.grep);
  const snapshots: LogSnapshot[] = [];
  try {
    for (const app of apps ?? loggedApps(dir)) snapshots.push(await takeSnapshot(dir, app));
    const until = untilTime(options);
    const wanted =
      options.until === undefined
        ? snapshots
        : await Promise.all(snapshots.map((each) => boundedSnapshot(each, until)));
    const past = Number.isFinite(tail)
      ? newest(wanted, tail, since, parse, needle)
      : mergeByTime(
          wanted.map((snapshot) => parsed(snapshot.app, linesSince(snapshot, since, needle), parse)),
        );
    for await (const batch of past) {
      if (signal?.aborted) return;
      yield* batch;
    }
    if (!follow) return;
    const followed = followLogs(snapshots, { dir, newApps: apps === undefined, parse, signal });
    for await (const batch of followed) yield* batch;
  } finally {
    for (const { current } of snapshots) await current?.close();
  }
}

async function* newest(
  snapshots: readonly LogSnapshot[],
  count: number,
  since: string,
  parse: LineParser,
  needle: Buffer | undefined,
): AsyncGenerator<LogLine[]> {
  if (count <= 0) return;
  const found = await Promise.all(
    snapshots.map((snapshot) => lastLinesOf(snapshot, count, since, parse, needle)),
  );
  const all: LogLine[] = [];
  for await (const batch of mergeByTime(found.map(oneBatch))) all.push(...batch);
  yield all.slice(-count);
}

async function* oneBatch(lines: LogLine[]): AsyncGenerator<LogLine[]> {
  yield lines;
}

async function* parsed(
  app: string,
  batches: AsyncIterable<Buffer[]>,
  parse: LineParser,
): AsyncGenerator<LogLine[]> {
  for await (const batch of batches) yield batch.flatMap((bytes) => parse(app, bytes) ?? []);
}
