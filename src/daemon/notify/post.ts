/** One message over HTTPS. Certificates are checked, redirections are not followed, and what is answered is not kept. */
import type { IncomingMessage } from 'node:http';
import type { Outcome } from './courier.ts';

export interface Letter {
  readonly url: string;
  readonly body: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 15_000;

/** Never rejects, and says nothing of the URL, which is a secret. */
export async function post({ url, body, fields, signal }: Letter): Promise<Outcome> {
  try {
    const response = await answerTo(url, body, fields, signal);
    response.resume();
    return outcomeOf(response.statusCode ?? 0, response.headers['retry-after']);
  } catch (error) {
    return { kind: 'failed', said: reasonOf(error, url) };
  }
}

function answerTo(
  url: string,
  body: string,
  fields: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  // Imported, they would cost every daemon 10 MB, whether it has webhooks or not.
  const { request } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
          'User-Agent': 'Holdfast',
          ...fields,
        },
      },
      (response) => {
        response.on('error', () => {});
        resolve(response);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function outcomeOf(status: number, retryAfter: string | undefined): Outcome {
  const said = `it answered ${status}`;
  if (status >= 200 && status < 300) return { kind: 'arrived', said };
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(retryAfter);
    return { kind: 'failed', said, ...(seconds > 0 && { retryAfterMs: seconds * 1000 }) };
  }
  const moved = status >= 300 && status < 400 ? ', a redirection, which is not followed' : '';
  return { kind: 'refused', said: said + moved };
}

function reasonOf(error: unknown, url: string): string {
  if (!(error instanceof Error)) return 'it could not be reached';
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return `no answer within ${TIMEOUT_MS / 1000} s`;
  const text = error.message || (error as NodeJS.ErrnoException).code || 'it could not be reached';
  return text.replaceAll(url, 'it');
}
