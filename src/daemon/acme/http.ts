/** One request to an ACME server. `fetch` knows no CA of its own, which private servers have, so it is node:https. */
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';

export interface AcmeRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  /** JSON; null = none. */
  readonly body: unknown;
}

export interface AcmeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export type Http = (request: AcmeRequest, signal: AbortSignal) => Promise<AcmeAnswer>;

const TIMEOUT_MS = 30_000;
/** A chain of certificates has a few kilobytes. */
const MAX_BYTES = 1024 * 1024;

/** @param ca PEM of the authority of the server's own certificate; null = those that Node trusts */
export function acmeHttp(ca: string | null, userAgent: string): Http {
  return ({ method, url, body }, signal) =>
    new Promise((resolve, reject) => {
      const payload = body === null ? '' : JSON.stringify(body);
      const headers = {
        'User-Agent': userAgent,
        ...(body !== null && {
          'Content-Type': 'application/jose+json',
          'Content-Length': Buffer.byteLength(payload),
        }),
      };
      const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      // A connection for each: there are about ten of them in a month.
      const options = {
        method,
        headers,
        agent: false as const,
        signal: limit,
        // Said, because NODE_TLS_REJECT_UNAUTHORIZED=0 of a shell is not meant for this.
        rejectUnauthorized: true,
        ...(ca !== null && { ca }),
      };
      const sent = request(url, options, (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > MAX_BYTES) answer.destroy(new Error(`"${url}" answers with more than 1 MB`));
        });
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
        });
      });
      sent.on('error', (cause: Error) => {
        const why =
          limit.aborted && !signal.aborted ? `no answer within ${TIMEOUT_MS / 1000}s` : cause.message;
        reject(new Error(`cannot reach "${new URL(url).origin}": ${why}`, { cause }));
      });
      sent.end(payload);
    });
}
