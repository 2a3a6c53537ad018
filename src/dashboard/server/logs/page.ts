/** One page of a log, searched from its end; what was found until the time was up. */
import { readLogs } from '../../../logs/reader.ts';
import type { LogLine, LogPage } from '../../../protocol/dashboard.ts';
import { type LogRequest, makeCursor } from './query.ts';

/** Of all texts of a page; a line has 64 KB at most. */
const MOST_TEXT = 2 * 1024 * 1024;

const HOUR_MS = 3_600_000;
/** A search looks at these spans one after the other, so that there is something to tell when the time is up. */
const SPANS_MS = [HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS, 30 * 24 * HOUR_MS];
/** A line is in the file so long after its time at the latest. */
const LATE_MS = 5_000;

/** @param tell what there is so far, after each span of a search */
export async function readLogPage(
  dir: string,
  request: LogRequest,
  now = Date.now(),
  tell: (page: LogPage) => void = () => undefined,
): Promise<LogPage> {
  const { since, until, pattern, skip, limit } = request;
  // One more tells whether there is more.
  const wanted = limit + skip + 1;
  const end = until ?? now;
  let found: LogLine[] = [];
  let before = until;
  for (const span of pattern ? SPANS_MS : []) {
    const from = end - span;
    if (from <= (since ?? 0)) break;
    found = [...(await linesOf(dir, request, from, before, wanted - found.length)), ...found];
    if (found.length >= wanted) return pageOf(found, request, now);
    before = from - 1;
    const page = pageOf(found, request, now);
    tell({
      ...page,
      cursor: page.cursor ?? makeCursor(new Date(before).toISOString(), 0),
      searchedTo: new Date(from).toISOString(),
    });
  }
  found = [...(await linesOf(dir, request, since, before, wanted - found.length)), ...found];
  return pageOf(found, request, now);
}

async function linesOf(
  dir: string,
  { app, instance, stream, pattern }: LogRequest,
  since: number | null,
  until: number | null,
  tail: number,
): Promise<LogLine[]> {
  const found: LogLine[] = [];
  const reading = readLogs({
    dir,
    apps: [app],
    tail,
    ...(instance !== null && { instances: [instance] }),
    ...(stream !== null && { stream }),
    ...(since !== null && { since }),
    ...(until !== null && { until }),
    ...(pattern && { grep: new RegExp(pattern.source, pattern.flags) }),
  });
  for await (const { time, instance: of, stream: to, text } of reading)
    found.push({ time, instance: of, stream: to, text });
  return found;
}

/** Where following goes on. What was found long ago need not be read again. */
function afterOf(lines: readonly LogLine[], now: number): string {
  const newest = lines.at(-1)?.time ?? '';
  const lately = new Date(now - LATE_MS).toISOString();
  if (newest < lately) return makeCursor(lately, 0);
  return makeCursor(newest, lines.filter(({ time }) => time === newest).length);
}

/** @param found oldest first: what is wanted, what was shown already, and one more if there is one. Pure. */
export function pageOf(
  found: readonly LogLine[],
  { until, skip, limit }: Pick<LogRequest, 'until' | 'skip' | 'limit'>,
  now = Date.now(),
): LogPage {
  const edge = until === null ? '' : new Date(until).toISOString();
  let shown = 0;
  while (shown < skip && found.at(-1 - shown)?.time === edge) shown += 1;
  const rest = found.slice(0, found.length - shown);
  let start = rest.length;
  for (let text = 0; start > 0 && rest.length - start < limit; start--) {
    text += rest[start - 1]?.text.length ?? 0;
    if (text > MOST_TEXT && start < rest.length) break;
  }
  const lines = rest.slice(start);
  const oldest = lines[0];
  const after = afterOf(lines, now);
  if (start === 0 || !oldest) return { lines, cursor: null, after };
  const same = lines.filter(({ time }) => time === oldest.time).length;
  const before = oldest.time === edge ? shown : 0;
  return { lines, cursor: makeCursor(oldest.time, same + before), after };
}
