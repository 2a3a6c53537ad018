/** A line for each request that is to have one, in the format that is wanted. */
import type { AccessLogRules } from '../protocol/traffic-rules.ts';
import { combinedLine, jsonLine, shortLine } from './access-format.ts';
import type { CacheOutcome } from './booking.ts';
import type { RequestHead } from './http1/request-head.ts';

/** What there is to say about a request. */
export interface AccessEntry {
  /** As it came; undefined: it was none. */
  readonly asked: RequestHead | undefined;
  /** Of the client, after trust. */
  readonly ip: string;
  readonly scheme: string;
  /** How the client spoke; undefined: as the request line says. */
  readonly protocol: string | undefined;
  /** Of X-Request-Id; empty without. */
  readonly requestId: string;
  /** As in the table; empty without. */
  readonly site: string;
  readonly route: string;
  readonly app: string;
  readonly attempts: number;
  /** From when the app had the request until it began to answer; -1 = it did not. */
  readonly upstreamMs: number;
  readonly cache: CacheOutcome | undefined;
  /** Of the body. */
  readonly requestBytes: number;
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
  /** The instance that answered, or why none did. */
  readonly by: string;
}

/** A connection that was turned away, or what came on it was no request. */
export function refusedEntry(ip: string, status: number, by: string, asked?: RequestHead): AccessEntry {
  return {
    asked,
    ip,
    scheme: '',
    protocol: undefined,
    requestId: '',
    site: '',
    route: '',
    app: '',
    attempts: 0,
    upstreamMs: -1,
    cache: undefined,
    requestBytes: 0,
    status,
    bytes: 0,
    ms: 0,
    by,
  };
}

export class AccessLog {
  readonly #rules: AccessLogRules;
  readonly #write: (line: string) => void;
  readonly #random: () => number;
  readonly #now: () => number;

  /** @param random 0 to 1 */
  constructor(
    rules: AccessLogRules,
    write: (line: string) => void,
    { random = Math.random, now = Date.now } = {},
  ) {
    this.#rules = rules;
    this.#write = write;
    this.#random = random;
    this.#now = now;
  }

  /** By chance, as the rules say; what has gone wrong always. Asked once for a request. */
  wants(status: number): boolean {
    const { sample } = this.#rules;
    return sample >= 1 || status >= 500 || this.#random() < sample;
  }

  add(entry: AccessEntry): void {
    const { format, fields } = this.#rules;
    if (format === 'json') this.#write(jsonLine(entry, this.#now(), fields));
    else if (format === 'combined') this.#write(combinedLine(entry, this.#now()));
    else this.#write(shortLine(entry));
  }
}
