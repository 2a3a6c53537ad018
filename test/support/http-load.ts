/**
 * A bounded HTTP load: each connection has one request under way, and the next follows after a pause. It counts what
 * a user would notice: answers that are right, and every other outcome by its kind.
 */
import http, { type Agent, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

export interface HttpLoadOptions {
  /** Such as `http://127.0.0.1:3000/`, or with https. */
  readonly url: string;
  readonly connections?: number;
  /** PEM: the authority that the server's certificate must be signed by. */
  readonly ca?: string;
  /** One connection for many requests; otherwise a new one for each. */
  readonly keepAlive?: boolean;
  /** Pause between an answer and the next request of that connection. */
  readonly pauseMs?: number;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Size of the request's body; it is random text. */
  readonly bodyBytes?: number;
  /**
   * What makes an answer right besides its status 200. `url`: it holds the request's own target, which is different
   * every time (as `hello.js` answers). `body`: it is the request's body. Otherwise: it holds this text.
   */
  readonly expect?: 'url' | 'body' | { readonly text: string };
  /** An answer that takes longer is a failure. */
  readonly timeoutMs?: number;
}

export interface LoadReport {
  /** Requests that came to an end, one way or another. */
  readonly requests: number;
  readonly ok: number;
  /** All that were not ok. */
  readonly failed: number;
  /** Of those: nobody listened. */
  readonly refused: number;
  /** Such as `refused`, `reset`, `closed`, `truncated`, `timeout`, `status 502`, `wrong body`. */
  readonly kinds: Readonly<Record<string, number>>;
  /** The first ones. */
  readonly failures: readonly LoadFailure[];
  /** Right answers by the process that gave them, where the answer says `pid <n>`. */
  readonly byPid: Readonly<Record<string, number>>;
  readonly connectionsOpened: number;
  readonly longestMs: number;
  readonly seconds: number;
}

export interface LoadFailure {
  readonly kind: string;
  readonly afterMs: number;
  readonly message: string;
  /** The connection had served a request before. */
  readonly reused: boolean;
}

interface Outcome {
  readonly kind: string;
  readonly message: string;
  readonly reused: boolean;
  readonly pid?: string;
}

const KEPT_FAILURES = 20;

export class HttpLoad {
  readonly #options: Required<Omit<HttpLoadOptions, 'expect'>> & {
    expect: HttpLoadOptions['expect'];
  };
  readonly #kinds: Record<string, number> = {};
  readonly #byPid: Record<string, number> = {};
  readonly #failures: LoadFailure[] = [];
  #requests = 0;
  #ok = 0;
  #connections = 0;
  #longestMs = 0;
  #startedAt = 0;
  #stopping = false;
  #runs: Promise<void>[] = [];

  constructor(options: HttpLoadOptions) {
    this.#options = {
      connections: 8,
      keepAlive: true,
      // Often enough to meet every moment, and not so often that several stories at once have no machine left.
      pauseMs: 15,
      method: options.bodyBytes ? 'POST' : 'GET',
      headers: {},
      bodyBytes: 0,
      timeoutMs: 30_000,
      ca: '',
      expect: undefined,
      ...options,
    };
  }

  /** Resolves when every connection has had its first outcome. */
  async start(): Promise<void> {
    this.#startedAt = performance.now();
    const firsts: Promise<void>[] = [];
    for (let n = 0; n < this.#options.connections; n++) {
      firsts.push(new Promise((resolve) => this.#runs.push(this.#keepAsking(n, resolve))));
    }
    await Promise.all(firsts);
  }

  /** Lets what is under way end. */
  async stop(): Promise<LoadReport> {
    this.#stopping = true;
    await Promise.all(this.#runs);
    return this.report();
  }

  report(): LoadReport {
    const failed = this.#requests - this.#ok;
    return {
      requests: this.#requests,
      ok: this.#ok,
      failed,
      refused: this.#kinds.refused ?? 0,
      kinds: this.#kinds,
      failures: this.#failures,
      byPid: this.#byPid,
      connectionsOpened: this.#connections,
      longestMs: this.#longestMs,
      seconds: (performance.now() - this.#startedAt) / 1000,
    };
  }

  async #keepAsking(connection: number, onFirst: () => void): Promise<void> {
    const { keepAlive, pauseMs, ca, url } = this.#options;
    const options = { keepAlive, maxSockets: 1 };
    const agent = url.startsWith('https:') ? new https.Agent({ ...options, ca }) : new http.Agent(options);
    for (let n = 0; !this.#stopping; n++) {
      const startedAt = performance.now();
      this.#note(await this.#ask(agent, `${connection}.${n}`), startedAt);
      if (n === 0) onFirst();
      await sleep(pauseMs);
    }
    agent.destroy();
  }

  #note({ kind, message, reused, pid }: Outcome, startedAt: number): void {
    this.#requests += 1;
    this.#longestMs = Math.max(this.#longestMs, performance.now() - startedAt);
    if (!reused) this.#connections += 1;
    if (kind === 'ok') {
      this.#ok += 1;
      if (pid) this.#byPid[pid] = (this.#byPid[pid] ?? 0) + 1;
      return;
    }
    this.#kinds[kind] = (this.#kinds[kind] ?? 0) + 1;
    const afterMs = Math.round(startedAt - this.#startedAt);
    if (this.#failures.length < KEPT_FAILURES) this.#failures.push({ kind, afterMs, message, reused });
  }

  #ask(agent: Agent, id: string): Promise<Outcome> {
    const { method, headers, bodyBytes, timeoutMs } = this.#options;
    const url = new URL(this.#options.url);
    const { request } = url.protocol === 'https:' ? https : http;
    url.searchParams.set('n', id);
    const body = bodyBytes > 0 ? randomText(bodyBytes) : '';
    return new Promise((resolve) => {
      const signal = AbortSignal.timeout(timeoutMs);
      const req = request(url, { agent, method, headers: { ...headers, ...lengthOf(body) }, signal });
      const end = (kind: string, message = kind, pid?: string) => {
        resolve({ kind, message, reused: req.reusedSocket, ...(pid && { pid }) });
      };
      req.on('error', (error) => end(kindOf(error), error.message));
      req.on('response', async (answer) => {
        try {
          const text = await readAll(answer);
          if (answer.statusCode !== 200) return end(`status ${answer.statusCode}`, text.slice(0, 200));
          if (!this.#isRight(text, url, body)) return end('wrong body', text.slice(0, 200));
          end('ok', '', /\bpid (\d+)/.exec(text)?.[1]);
        } catch (error) {
          end(signal.aborted ? 'timeout' : 'truncated', String(error));
        }
      });
      req.end(body);
    });
  }

  #isRight(text: string, url: URL, body: string): boolean {
    const { expect } = this.#options;
    if (expect === 'url') return text.includes(url.pathname + url.search);
    if (expect === 'body') return text === body;
    return expect === undefined || text.includes(expect.text);
  }
}

function lengthOf(body: string): Record<string, string> {
  return body ? { 'content-type': 'text/plain', 'content-length': String(body.length) } : {};
}

function kindOf(error: NodeJS.ErrnoException): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'timeout';
  if (error.code === 'ECONNREFUSED') return 'refused';
  if (error.message === 'socket hang up') return 'closed';
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return 'reset';
  return error.code ?? error.message;
}

async function readAll(answer: IncomingMessage): Promise<string> {
  answer.setEncoding('utf8');
  let text = '';
  for await (const chunk of answer) text += chunk;
  if (!answer.complete) throw new Error('The answer ended early');
  return text;
}

function randomText(bytes: number): string {
  const word = Math.random().toString(36).slice(2, 10).padEnd(8, '0');
  return word.repeat(Math.ceil(bytes / 8)).slice(0, bytes);
}
