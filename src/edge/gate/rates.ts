/** The rates that hold for one site, or for one of its routes. */
import { createHash } from 'node:crypto';
import type { RateRule } from '../../protocol/traffic-rules.ts';
import { fieldValue } from '../http1/field-value.ts';
import { Kind } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { networkOf } from '../network.ts';
import { readCookie } from '../sticky.ts';
import type { Saying } from './gate.ts';
import { Rate } from './rate.ts';

/**
 * A client can write what it likes into a header or a cookie, and be another one with each request. All that come from one
 * network get so many times what one of them may have: enough for an office, and an end for who makes values up.
 */
const CLIENTS_OF_NETWORK = 100;

/** One rule, and who came how often. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #by: RateRule['by'];
  /** Of rules by what clients choose themselves. */
  readonly #networks: Rate | undefined;

  constructor(rule: RateRule) {
    const { requests, perMs, burst, by } = rule;
    const times = CLIENTS_OF_NETWORK;
    this.#rate = new Rate(rule);
    this.#by = by;
    if (by.kind === 'header' || by.kind === 'cookie')
      this.#networks = new Rate({ requests: requests * times, perMs, burst: burst * times });
  }

  /** How long, in ms, until this request may come; 0 = now. @param key see `keyOf` */
  wait(key: string, ip: string, nowMs: number): number {
    const network = networkOf(ip);
    return Math.max(this.#rate.wait(key, nowMs, network), this.#networks?.wait(network, nowMs) ?? 0);
  }

  count(key: string, ip: string, nowMs: number): void {
    const network = networkOf(ip);
    this.#rate.count(key, nowMs, network);
    this.#networks?.count(network, nowMs);
  }

  /** Who this request is counted for. @param ip of the client, after trust */
  keyOf({ fields }: RequestHead, ip: string): string {
    const by = this.#by;
    if (by.kind === 'all') return '';
    if (by.kind === 'header') return marked(fieldValue(fields, by.name.toLowerCase())) ?? networkOf(ip);
    if (by.kind === 'cookie') {
      return marked(readCookie(fields.first(Kind.cookie) ?? '', by.name)) ?? networkOf(ip);
    }
    return networkOf(ip);
  }
}

/** Of any length, and perhaps secret. The sign keeps it apart from addresses. */
function marked(value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  return `#${createHash('sha256').update(value).digest('base64url').slice(0, 22)}`;
}

/** Counts a request for all limits, or says why it has to come later, and then it counts for none. */
export function limited(
  limits: readonly RateLimit[],
  head: RequestHead,
  ip: string,
  nowMs: number,
): Saying | undefined {
  let waitMs = 0;
  const keys = limits.map((limit) => {
    const key = limit.keyOf(head, ip);
    waitMs = Math.max(waitMs, limit.wait(key, ip, nowMs));
    return key;
  });
  if (waitMs > 0) return tooMany(waitMs);
  for (const [i, limit] of limits.entries()) limit.count(keys[i] as string, ip, nowMs);
  return undefined;
}

/**
 * RFC 6585 section 4. The fields of the drafts about rate limits are left out: they have changed with each draft, and what
 * clients understand is Retry-After.
 */
function tooMany(waitMs: number): Saying {
  const seconds = Math.ceil(waitMs / 1000);
  return {
    status: 429,
    message: `Too many requests. Please try again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}`,
    extra: `Retry-After: ${seconds}\r\n`,
  };
}
