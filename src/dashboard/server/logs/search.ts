/** Searches, each in a thread of its own that is ended when it takes too long; and what is written from now on. */
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';
import { type ErrorBody, HoldfastError } from '../../../errors.ts';
import { readLogs } from '../../../logs/reader.ts';
import type { LogPage } from '../../../protocol/dashboard.ts';
import type { Stream } from '../streams.ts';
import { type LogRequest, makeCursor } from './query.ts';

const LONGEST_MS = 10_000;
const AT_ONCE = 3;
const WAITING = 20;
/** Of a line that is followed. */
const LONGEST_LINE = 16 * 1024;

/** By the thread: what there is so far, and then one of the others. */
interface Said {
  readonly sofar?: LogPage;
  readonly page?: LogPage;
  readonly error?: ErrorBody;
}

export class LogSearches {
  readonly #dir: string;
  readonly #longestMs: number;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(dir: string, longestMs = LONGEST_MS) {
    this.#dir = dir;
    this.#longestMs = longestMs;
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
      let found: LogPage | undefined;
      const timer = setTimeout(() => {
        if (found) resolve(found);
        else
          reject(
            new HoldfastError('BUSY', `The search took longer than ${LONGEST_MS / 1000} s`, {
              hint: 'Search in less: name an instance, or a time with since and until',
            }),
          );
      }, this.#longestMs);
      worker.on('message', ({ sofar, page, error }: Said) => {
        if (sofar) {
          found = sofar;
          return;
        }
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

  /** Sends what is written after a page, or from now on, as long as the stream is open; each line with the place to go on from. */
  async follow(
    { app, instance, stream: to, pattern, after }: LogRequest,
    stream: Pick<Stream, 'send' | 'signal' | 'room'>,
  ): Promise<void> {
    const matches = pattern === null ? null : matcher(pattern);
    let moment = after === null ? '' : new Date(after.time).toISOString();
    let shown = 0;
    const lines = readLogs({
      dir: this.#dir,
      apps: [app],
      ...(after === null ? { tail: 0 } : { since: after.time }),
      follow: true,
      signal: stream.signal,
      ...(instance !== null && { instances: [instance] }),
      ...(to !== null && { stream: to }),
    });
    for await (const { time, instance: of, stream: from, text } of lines) {
      if (matches && !matches(text)) continue;
      shown = time === moment ? shown + 1 : 1;
      const isOld = after !== null && Date.parse(time) === after.time && shown <= after.skip;
      moment = time;
      if (isOld) continue;
      const cut = text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
      const line = { time, instance: of, stream: from, text: cut };
      stream.send(JSON.stringify(line), { id: makeCursor(time, shown) });
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
