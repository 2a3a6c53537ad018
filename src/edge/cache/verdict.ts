/** What may be kept, and when it may be given (RFC 9111 sections 3 and 4, RFC 5861). Pure. */
import { fieldList, fieldValue } from '../http1/field-value.ts';
import { type Fields, Kind } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { type ResponseHead, UNTIL_CLOSE } from '../http1/response-head.ts';
import type { Asked } from './asked.ts';
import { type Directives, parseDirectives } from './directives.ts';
import { ageAt, freshnessOf } from './freshness.ts';
import type { Stored } from './stored.ts';
import { varyNames } from './vary.ts';

/**
 * Other answers are not kept, however fresh they say they are: that something is wrong with one request (400, 431, 500 …) must
 * not be told to all that ask for the same address, or anybody could take it off the net.
 */
const keepable = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 410]);

/** What speaks against it: `request` and `personal` are about this request only. */
export type Objection = 'request' | 'status' | 'response' | 'length' | 'personal' | 'origin' | 'freshness';

/** Why an answer is not kept; undefined: it may be, if it comes whole and is not too large. */
export function objection(
  request: RequestHead,
  asked: Asked,
  head: ResponseHead,
  now: number,
): Objection | undefined {
  const { status, given: fields = head.fields } = head;
  const said = parseDirectives(fieldList(fields, 'cache-control'));
  if (request.method !== 'GET' || asked.directives.noStore) return 'request';
  if (!keepable.has(status)) return 'status';
  if (said.noStore || said.private === true) return 'response';
  // Where the end of the connection is the end of the answer, nobody knows whether that was all of it.
  if (head.length === UNTIL_CLOSE || head.endUnsure) return 'length';
  if (!isComparable(varyNames(fields)) || fields.first(Kind.contentType)?.startsWith('text/event-stream'))
    return 'response';
  // RFC 9111 section 3.5 lets must-revalidate do for Authorization, which is not what those mean who write it.
  const forAll = said.public || said.sMaxAge !== undefined;
  if (!forAll && (asked.personal || fieldValue(fields, 'set-cookie') !== undefined)) return 'personal';
  if (answersOrigin(request, fields)) return 'origin';
  return isWorthIt(fields, said, now) ? undefined : 'freshness';
}

/** Fields of requests that the edge writes: what the client says in them is not what the app has seen. */
const ours = /^(?:x-forwarded-for|x-real-ip|forwarded|x-request-id|x-client-cert-.*)$/;

/** Whether it can be told which requests get the same answer. */
function isComparable(names: readonly string[] | undefined): boolean {
  return names !== undefined && !names.some((name) => ours.test(name));
}

/** For the page that asked alone, and it forgot to say so. */
function answersOrigin({ fields }: RequestHead, answer: Fields): boolean {
  const allowed = fieldValue(answer, 'access-control-allow-origin');
  if (allowed === undefined || allowed === '*' || fieldValue(fields, 'origin') === undefined) return false;
  return !varyNames(answer)?.includes('origin');
}

/** It can be given once more: as it is, or after a question that is smaller than the answer. */
function isWorthIt(fields: Fields, said: Directives, now: number): boolean {
  const { lifetime } = freshnessOf(fields, said, now, now);
  if (lifetime > 0 && said.noCache !== true) return true;
  if ((said.staleWhileRevalidate ?? 0) > 0 || (said.staleIfError ?? 0) > 0) return true;
  const explicit = fieldValue(fields, 'cache-control') ?? fieldValue(fields, 'expires');
  const validator = fieldValue(fields, 'etag') ?? fieldValue(fields, 'last-modified');
  return explicit !== undefined && validator !== undefined;
}

/** `behind`: as it is, while the app is asked for a new one. `ask`: not before the app has been asked. */
export type Use = 'fresh' | 'stale' | 'behind' | 'ask';

export function useOf(stored: Stored, { directives: asks }: Asked, now: number): Use {
  const { directives: said, freshness } = stored;
  const age = ageAt(freshness, now);
  const left = freshness.lifetime - age;
  if (said.noCache === true || asks.noCache !== false) return 'ask';
  if (asks.maxAge !== undefined && age > asks.maxAge) return 'ask';
  if (asks.minFresh !== undefined && left < asks.minFresh) return 'ask';
  if (left > 0) return 'fresh';
  if (said.mustRevalidate || said.proxyRevalidate) return 'ask';
  if (said.sMaxAge === undefined && asks.maxStale !== undefined && -left <= asks.maxStale) return 'stale';
  // Who says so of an answer with s-maxage means it, although that alone would forbid it (RFC 9111 section 5.2.2.10).
  return said.staleWhileRevalidate !== undefined && -left <= said.staleWhileRevalidate ? 'behind' : 'ask';
}

/** Whether it may be given in place of an error. */
export function standsIn(stored: Stored, { directives: asks }: Asked, now: number): boolean {
  const { directives: said, freshness } = stored;
  if (said.noCache === true || said.mustRevalidate || said.proxyRevalidate) return false;
  const wished = said.sMaxAge === undefined ? asks.staleIfError : undefined;
  const window = Math.max(said.staleIfError ?? -1, wished ?? -1);
  return window >= 0 && ageAt(freshness, now) - freshness.lifetime <= window;
}

const failures = new Set([500, 502, 503, 504]);

/** RFC 5861 section 4. */
export function isFailure(status: number): boolean {
  return failures.has(status);
}
