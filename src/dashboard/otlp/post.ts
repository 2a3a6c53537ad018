/** One message to a collector: gzip over HTTP. Redirections are not followed. */
import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';

export interface Posted {
  /** taken: it has it. later: it may take the same later. refused: it never will. */
  readonly outcome: 'taken' | 'later' | 'refused';
  /** For people; nothing of the address, which may hold a secret. */
  readonly said: string;
  /** It says when to come again. */
  readonly retryAfterMs: number | null;
}

export interface Message {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 15_000;
/** Of the OTLP specification; the others are refusals. */
const RETRYABLE = [408, 429, 500, 502, 503, 504];

/** Never rejects. */
export async function post({ url, headers, body, signal }: Message): Promise<Posted> {
  try {
    const bytes = gzipSync(body);
    const response = await answerTo(new URL(url), bytes, headers, signal);
    response.resume();
    const status = response.statusCode ?? 0;
    const said = `it answers ${status}`;
    if (status >= 200 && status < 300) return { outcome: 'taken', said, retryAfterMs: null };
    const seconds = Number(response.headers['retry-after']);
    const retryAfterMs = seconds > 0 ? Math.min(seconds, 300) * 1000 : null;
    return { outcome: RETRYABLE.includes(status) ? 'later' : 'refused', said, retryAfterMs };
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    const said = name === 'TimeoutError' ? 'it does not answer' : `it cannot be reached (${code ?? name})`;
    return { outcome: 'later', said, retryAfterMs: null };
  }
}

function answerTo(
  url: URL,
  bytes: Buffer,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  // A base address, as OTEL_EXPORTER_OTLP_ENDPOINT has it.
  if (url.pathname === '/') url.pathname = '/v1/metrics';
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: 'POST',
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      headers: {
        ...headers,
        'Content-Type': 'application/json',
        'Content-Encoding': 'gzip',
        'Content-Length': bytes.length,
        'User-Agent': 'Holdfast',
      },
    });
    outgoing.on('response', (response) => {
      response.on('error', () => {});
      resolve(response);
    });
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}
