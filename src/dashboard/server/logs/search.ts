/** Searches, each in a thread of its own that is ended when it takes too long; and what is written from now on. */
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';
import { type ErrorBody, HoldfastError } from '../../../errors.ts';
import { readLogs } from '../../../logs/reader.ts';
import type { LogPage } from '../../../protocol/dashboard.ts';
import type { Stream } from '../streams.ts';
import type { LogRequest } from './query.ts';

const LONGEST_MS = 10_000;
const AT_ONCE = 3;
const WAITING = 20;
/** Of a line that is followed. */
const LONGEST_LINE = 16 * 1024;

export class LogSearches {
  readonly #dir: string;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async page(request: LogRequest): Promise<LogPage> {
    if (this.#queue.length >= WAITING) {
      throw new HoldfastError('BUSY', 'Cannot search now: many others do', { hint: 'Try again in a moment' });
    }
    if (this.#running >= AT_ONCE) await new Promise<void>((go) => this.#queue.push(go));
    this.#running += 1;
    try {
      return await this.#search(request);
    } finally {
      this.#running -= 1;
      this.#queue.shift()?.();
    }
  }

  #search(request: LogRequest): Promise<LogPage> {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { dir: this.#dir, request },
      resourceLimits: { maxOldGenerationSizeMb: 192 },
    });
    return new Promise<LogPage>((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(
            new HoldfastError('BUSY', `The search took longer than ${LONGEST_MS / 1000} s`, {
              hint: 'Search in less: name an instance, or a time with since and until',
            }),
          ),
        LONGEST_MS,
      );
      worker.once('message', ({ page, error }: { page?: LogPage; error?: ErrorBody }) => {
        clearTimeout(timer);
        if (page) resolve(page);
        else
          reject(
            HoldfastError.fromBody(
              error ?? { code: 'INTERNAL', message: 'no answer', hint: '', details: [] },
            ),
          );
      });
      worker.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
    }).finally(() => worker.terminate());
  }

  /** Sends what is written from now on, as long as the stream is open. */
  async follow({ app, instance, stream: to, pattern }: LogRequest, stream: Stream): Promise<void> {
    const matches = pattern === null ? null : matcher(pattern);
    const lines = readLogs({
      dir: this.#dir,
      apps: [app],
      tail: 0,
      follow: true,
      signal: stream.signal,
      ...(instance !== null && { instances: [instance] }),
      ...(to !== null && { stream: to }),
    });
    for await (const { time, instance: of, stream: from, text } of lines) {
      const cut = text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
      if (matches && !matches(cut)) continue;
      stream.send(JSON.stringify({ time, instance: of, stream: from, text: cut }));
      await stream.room();
    }
  }
}

const LONGEST_TEST_MS = 200;

/** Whether a line matches. @throws when that takes for ever, as it does with some expressions: whoever looks has to look for another one */
function matcher({ source, flags }: { source: string; flags: string }): (text: string) => boolean {
  const context = vm.createContext({ pattern: new RegExp(source, flags), text: '' });
  const script = new vm.Script('pattern.test(text)');
  return (text) => {
    context.text = text;
    return script.runInContext(context, { timeout: LONGEST_TEST_MS }) as boolean;
  };
}
