/** How a deploy ends, in words: what serves now, since when, and how to go back. The last line, also in a pipe and in CI. */
import { HoldfastError } from '../../errors.ts';
import type { ReleaseRecord } from '../../protocol/release.ts';
import { findRelease } from '../../release/find-release.ts';
import { releasePaths } from '../../release/paths.ts';
import { RecordFiles } from '../../release/records.ts';
import { lookAtReleases } from '../../release/under-way.ts';
import type { Context } from '../context.ts';
import { ForeignExit } from '../foreign.ts';
import { errorLines } from '../print/error.ts';
import { formatMoment } from '../print/time.ts';

/** `shop 20261124-… serves since 01:20:51 (back: hold rollback)` */
export function servesLine(
  { home }: Pick<Context, 'home'>,
  { project, id, servedFrom }: ReleaseRecord,
  word = 'serves',
): string {
  const since = servedFrom === null ? '' : ` since ${formatMoment(servedFrom, Date.now())}`;
  const back = canGoBack(home, project) ? ' (back: hold rollback)' : '';
  return `${project} ${id} ${word}${since}${back}`;
}

/** What a deploy that came to nothing has left: `still serves: 20261124-…, since 01:20:51; more: hold releases show`. */
export async function standingLine(home: string, project: string): Promise<string> {
  const more = 'more: hold releases show';
  const view = await lookAtReleases({ home }, project);
  if (!view?.serving) return `no release of ${project} serves; ${more}`;
  const record = new RecordFiles(releasePaths(home, project).records).read(view.serving);
  const since = record?.servedFrom ? `, since ${formatMoment(record.servedFrom, Date.now())}` : '';
  return `still serves: ${view.serving}${since}; ${more}`;
}

/**
 * Tells why it came to nothing, with the end at the end.
 *
 * @param begun a release was begun, so that there is something to look at
 * @returns what is to be thrown
 */
export async function tellRefusal(
  { err, home, json, verbose }: Context,
  project: string,
  error: unknown,
  begun: boolean,
): Promise<unknown> {
  if (json || !begun || !(error instanceof HoldfastError)) return error;
  const last = await standingLine(home, project).catch(() => null);
  if (last === null) return error;
  const { code, message, hint, details, cause } = error;
  const bare = new HoldfastError(code, message, { hint: '', details, cause });
  err.lines(errorLines(bare, err.style, { verbose }));
  if (saysMore(error)) err.line(`  ${err.style.dim(hint)}`);
  err.line(`  ${last}`);
  return new ForeignExit(error.exitCode);
}

/** What the last line says need not be said twice. */
function saysMore({ code, hint }: HoldfastError): boolean {
  const isUsual = code === 'STEP_FAILED' || code === 'RELEASE_REFUSED';
  return !isUsual || !hint.includes('`hold releases show') || hint.includes('failed, too');
}

function canGoBack(home: string, project: string): boolean {
  try {
    findRelease(releasePaths(home, project), undefined);
    return true;
  } catch {
    return false;
  }
}
