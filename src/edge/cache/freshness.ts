/** How old an answer is and how long it is fresh (RFC 9111 section 4.2). Pure. */
import { fieldList, fieldValue } from '../http1/field-value.ts';
import type { Fields } from '../http1/fields.ts';
import { type Directives, secondsOf, splitList } from './directives.ts';
import { parseHttpDate } from './http-date.ts';

/** Times in ms since the epoch, ages and lifetimes in seconds. */
export interface Freshness {
  /** When it was made, as it says; when it came, if it does not say. */
  readonly date: number;
  readonly receivedAt: number;
  /** Of the answer when it came. */
  readonly initialAge: number;
  readonly lifetime: number;
}

/** @param askedAt when the request for it was sent; with `receivedAt` the time that it may have been on its way */
export function freshnessOf(
  fields: Fields,
  directives: Directives,
  askedAt: number,
  receivedAt: number,
): Freshness {
  const said = parseHttpDate(fieldValue(fields, 'date') ?? '', receivedAt);
  const date = said ?? receivedAt;
  const delay = (receivedAt - askedAt) / 1000;
  const corrected = ageOf(fieldList(fields, 'age')) + delay;
  const initialAge = Math.max(0, (receivedAt - date) / 1000, corrected);
  return { date, receivedAt, initialAge, lifetime: lifetimeOf(fields, directives, date, receivedAt) };
}

/**
 * Of an answer that does not say how long it is fresh nothing is guessed (RFC 9111 would allow that): apps that say nothing
 * do not count on a cache.
 */
function lifetimeOf(fields: Fields, { sMaxAge, maxAge }: Directives, date: number, now: number): number {
  if (sMaxAge !== undefined) return sMaxAge;
  if (maxAge !== undefined) return maxAge;
  const expires = fieldList(fields, 'expires');
  if (expires === undefined) return 0;
  const until = parseHttpDate(expires, now);
  return until === undefined ? 0 : Math.max(0, (until - date) / 1000);
}

/** What another cache on the way says. Of several the first counts; what is no number is as good as none. */
function ageOf(field: string | undefined): number {
  return secondsOf(splitList(field ?? '')[0]);
}

/** In seconds. */
export function ageAt({ initialAge, receivedAt }: Freshness, now: number): number {
  return initialAge + Math.max(0, now - receivedAt) / 1000;
}
