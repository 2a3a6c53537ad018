/** Which releases need not stay on disk. Their records stay longer, see remove.ts. */
import type { ReleaseOutcome, ReleaseRecord } from '../../protocol/release.ts';
import { lastServed } from '../find-release.ts';

const underWay: readonly ReleaseOutcome[] = ['making', 'promoting', 'baking'];

/**
 * The release that serves stays, those under way, the last that failed (to be looked at), and of those that one can go back to the one
 * that served before and the newest, `keep` together.
 *
 * @param current the release that serves; null = none
 * @returns ids, oldest first
 */
export function expired(records: readonly ReleaseRecord[], keep: number, current: string | null): string[] {
  const newest = [...records].sort((a, b) => (a.id < b.id ? 1 : -1));
  const since = records.find(({ id }) => id === current)?.servedFrom ?? null;
  const rest = newest.filter((one) => one.id !== current && !isUnderWay(one, current, since));
  const [before, ...others] = rest
    .filter(({ servedFrom }) => servedFrom !== null)
    .sort((a, b) => lastServed(b).localeCompare(lastServed(a)));
  const good = [...others, ...rest.filter(isUntried)].sort((a, b) => (a.id < b.id ? 1 : -1));
  const lastFailed = rest.find(({ servedFrom, outcome }) => servedFrom === null && outcome !== 'made');
  const stay = new Set([before, ...good.slice(0, Math.max(keep - (before ? 1 : 0), 0)), lastFailed]);
  return rest
    .filter((record) => !stay.has(record))
    .map(({ id }) => id)
    .reverse();
}

/** Made, and then nobody promoted it; a later one did get its turn. */
function isUntried({ servedFrom, outcome }: ReleaseRecord): boolean {
  return servedFrom === null && outcome === 'made';
}

/** @param since when the release that serves began to, ISO 8601; null = none serves */
function isUnderWay(
  { id, outcome, steps }: ReleaseRecord,
  current: string | null,
  since: string | null,
): boolean {
  // Ids begin with the time.
  if (outcome === 'made') return current === null || id > current;
  if (!underWay.includes(outcome)) return false;
  // The last word on it was lost: since it began its last step another one has come to serve.
  const last = steps.at(-1)?.startedAt;
  return last === undefined || since === null || last >= since;
}

/** Records of which nothing else is left, beyond the newest `10 * keep`; oldest first. */
export function expiredRecords(ids: readonly string[], keep: number, trees: ReadonlySet<string>): string[] {
  const newest = [...ids].sort().reverse();
  return newest
    .slice(10 * keep)
    .filter((id) => !trees.has(id))
    .reverse();
}
