/**
 * Sends metrics to a collector, again and again. Counts are cumulative, so what could not be sent is in what is sent next: nothing is kept
 * in memory, and a collector that is away is tried more and more seldom.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from '../../kit/clock.ts';
import type { Metrics } from '../../protocol/metrics.ts';
import { otlpMetrics } from './encode.ts';
import { type Message, type Posted, post } from './post.ts';

export interface OtlpOptions {
  readonly url: string;
  /** A value `file:/path` is what is in that file; it is read each time, so that whoever changes a token need not tell us. */
  readonly headers: Readonly<Record<string, string>>;
  readonly everyMs: number;
  readonly clock: Clock;
  /** Of Holdfast. */
  readonly version: string;
  read(): Promise<Metrics>;
  /** It does not take them; told once, until it works again. */
  onTrouble(said: string): void;
  /** `post` unless told. */
  readonly send?: (message: Message) => Promise<Posted>;
}

const LONGEST_PAUSE_MS = 300_000;

/** @returns what ends it */
export function startOtlp(options: OtlpOptions): () => void {
  const { clock, everyMs, onTrouble } = options;
  const ended = new AbortController();
  let failures = 0;
  let cancel = () => {};
  const push = async (): Promise<void> => {
    const { outcome, said, retryAfterMs } = await pushOnce(options, ended.signal);
    if (ended.signal.aborted) return;
    failures = outcome === 'taken' ? 0 : failures + 1;
    if (failures === 1) onTrouble(said);
    const pause = Math.max(everyMs * 2 ** Math.max(0, failures - 1), retryAfterMs ?? 0);
    const longest = Math.max(everyMs, LONGEST_PAUSE_MS);
    cancel = clock.after(Math.min(longest, pause), () => void push());
  };
  cancel = clock.after(0, () => void push());
  return () => {
    ended.abort();
    cancel();
  };
}

/** Never rejects. */
async function pushOnce(options: OtlpOptions, signal: AbortSignal): Promise<Posted> {
  const { url, headers, clock, version, read, send = post } = options;
  try {
    const metrics = await read();
    const body = JSON.stringify(otlpMetrics(metrics, clock.now(), { host: hostname(), version }));
    return await send({ url, headers: resolved(headers), body, signal });
  } catch (error) {
    // There is no daemon for a moment, or a file cannot be read.
    return {
      outcome: 'later',
      said: error instanceof Error ? error.message : String(error),
      retryAfterMs: null,
    };
  }
}

function resolved(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.startsWith('file:') ? readFileSync(value.slice('file:'.length), 'utf8').trim() : value,
    ]),
  );
}
