/**
 * HTTP over the daemon's unix socket: one request, one answer, errors as HoldfastError. What is said over it is
 * `protocol/api.ts`.
 */
import type { IncomingMessage } from 'node:http';
import { type ErrorBody, HoldfastError, isSystemError } from '../errors.ts';
import { type Decoded, NdjsonDecoder } from '../kit/ndjson.ts';
import { ASKER_FIELD } from '../protocol/audit.ts';
import { askerOf } from './asker.ts';

// Imported, the module would evaluate all its exports, and with them (Node 22 and later) undici: 30 ms of every command.
const { Agent, request } = process.getBuiltinModule('node:http');

export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for the head of the answer; absent: as long as it takes. */
  readonly timeoutMs?: number;
}

/** Connections to one control socket, kept alive between calls. */
export class ControlSocket {
  readonly path: string;
  readonly #agent = new Agent({ keepAlive: true });

  readonly #by: string | undefined;

  /** @param by who asks; left out: the user of this process */
  constructor(path: string, by?: string) {
    this.path = path;
    this.#by = by;
  }

  /**
   * Sends a request; resolves when the head of a successful answer is there, throws the error that the daemon
   * answered with. Rejects with DAEMON_UNREACHABLE when nobody answers (see {@link isNobodyThere}).
   */
  async send(options: ApiRequest): Promise<IncomingMessage> {
    const response = await this.#open(options);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw errorOf(await textOf(response), status, options);
  }

  /** Ends all connections; the socket can be used again. */
  close(): void {
    this.#agent.destroy();
  }

  #open({ method, path, body, signal, timeoutMs }: ApiRequest): Promise<IncomingMessage> {
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const options = {
        socketPath: this.path,
        agent: this.#agent,
        // Left to find out by itself, the agent compiles a pattern for IPv6 addresses, which takes 8 ms.
        servername: '',
        method,
        path,
        headers: {
          Host: 'holdfast',
          ...(method === 'POST' && {
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(text),
            [ASKER_FIELD]: encodeURIComponent(this.#by ?? askerOf(process.env)),
          }),
        },
        ...(signal && { signal }),
      };
      const outgoing = request(options, (response) => {
        outgoing.setTimeout(0);
        resolve(response);
      });
      if (timeoutMs !== undefined) {
        outgoing.setTimeout(timeoutMs, () =>
          outgoing.destroy(
            new HoldfastError(
              'DAEMON_UNREACHABLE',
              `The daemon did not answer on "${this.path}" within ${timeoutMs / 1000} s`,
              { hint: hangingHint },
            ),
          ),
        );
      }
      outgoing.on('error', (error) => reject(signal?.aborted ? error : unreachable(this.path, error)));
      outgoing.end(text);
    });
  }
}

/** What to do about a daemon that accepts and says nothing. */
export const hangingHint =
  'If it hangs, end it with `kill -9` (its pid is in run/daemon.pid of the home): the apps go on, and the next command brings up a new one';

const nobody = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR']);

/** True when the error means that no daemon listens, rather than that one is there and something went wrong. */
export function isNobodyThere(error: unknown): boolean {
  const cause = error instanceof HoldfastError ? error.cause : error;
  return isSystemError(cause) && nobody.has(cause.code);
}

/** True when the daemon went away in the middle of a call, as it does when it is killed. */
export function isCutOff(error: unknown): boolean {
  const cause = error instanceof HoldfastError ? error.cause : error;
  return isSystemError(cause) && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
}

/** The whole answer, or DAEMON_UNREACHABLE when it is cut short. */
export async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(response)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Each line of an answer in NDJSON as a value, as they come. */
export async function* linesOf<T>(response: IncomingMessage): AsyncGenerator<T> {
  const decoder = new NdjsonDecoder();
  for await (const chunk of chunksOf(response)) {
    for (const decoded of decoder.push(chunk)) yield decodedValue<T>(decoded);
  }
  for (const decoded of decoder.end()) yield decodedValue<T>(decoded);
}

function decodedValue<T>(decoded: Decoded): T {
  if ('value' in decoded) return decoded.value as T;
  throw unreadable(decoded.line, new SyntaxError(decoded.problem));
}

/** An answer as JSON. */
export function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw unreadable(text, cause);
  }
}

function unreadable(text: string, cause: unknown): HoldfastError {
  return new HoldfastError(
    'BAD_REQUEST',
    `Cannot read the daemon's answer as JSON: got "${text.slice(0, 80)}"`,
    { cause },
  );
}

async function* chunksOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'AbortError') throw cause;
    throw new HoldfastError('DAEMON_UNREACHABLE', 'The daemon went away before it had answered', { cause });
  }
}

function unreachable(path: string, error: Error): HoldfastError {
  if (error instanceof HoldfastError) return error;
  if (isSystemError(error) && (error.code === 'EACCES' || error.code === 'EPERM')) {
    return new HoldfastError('HOME_UNUSABLE', `Cannot reach the daemon on "${path}": permission denied`, {
      hint: 'The daemon belongs to another user: run the command as that user',
      cause: error,
    });
  }
  return new HoldfastError('DAEMON_UNREACHABLE', `Cannot reach the daemon on "${path}": ${error.message}`, {
    cause: error,
  });
}

/** An answer that is an error carries an ErrorBody, alone or as `{ error }`. */
function errorOf(text: string, status: number, { method, path }: ApiRequest): HoldfastError {
  try {
    const value = JSON.parse(text) as { error?: ErrorBody } & Partial<ErrorBody>;
    const body = value.error ?? value;
    if (typeof body.code === 'string' && typeof body.message === 'string') {
      return HoldfastError.fromBody(body as ErrorBody);
    }
  } catch {
    // Not ours: told below with what it said.
  }
  return new HoldfastError(
    'BAD_REQUEST',
    `The daemon answered ${status} to ${method} ${path}: "${text.trim().slice(0, 200)}"`,
  );
}
