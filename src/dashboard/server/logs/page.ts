/** One page of a log, searched from its end; what was found until the time was up. */
import { readLogs } from '../../../logs/reader.ts';
import type { LogLine, LogPage } from '../../../protocol/dashboard.ts';
import { type LogRequest, makeCursor } from './query.ts';

/** Of all texts of a page; a line has 64 KB at most. */
const MOST_TEXT = 2 * 1024 * 1024;

export async function readLogPage(dir: string, request: LogRequest): Promise<LogPage> {
  const { app, instance, stream, since, until, pattern, skip, limit } = request;
  const found: LogLine[] = [];
  const reading = readLogs({
    dir,
    apps: [app],
    // One more tells whether there is more.
    tail: limit + skip + 1,
    ...(instance !== null && { instances: [instance] }),
    ...(stream !== null && { stream }),
    ...(since !== null && { since }),
    ...(until !== null && { until }),
    ...(pattern && { grep: new RegExp(pattern.source, pattern.flags) }),
  });
  for await (const { time, instance: of, stream: to, text } of reading)
    found.push({ time, instance: of, stream: to, text });
  return pageOf(found, request);
}

/** @param found oldest first: what is wanted, what was shown already, and one more if there is one. Pure. */
export function pageOf(
  found: readonly LogLine[],
  { until, skip, limit }: Pick<LogRequest, 'until' | 'skip' | 'limit'>,
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
  if (start === 0 || !oldest) return { lines, cursor: null };
  const same = lines.filter(({ time }) => time === oldest.time).length;
  const before = oldest.time === edge ? shown : 0;
  return { lines, cursor: makeCursor(oldest.time, same + before) };
}
