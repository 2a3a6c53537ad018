/** One profile while it is taken: from the order to the guest to the last byte, or the reason why there is none. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { HoldfastError } from '../errors.ts';
import type { Clock } from '../kit/clock.ts';
import type { FromChild } from '../protocol/link.ts';
import type { ProfileOrder } from '../protocol/profile.ts';
import type { Link } from './links.ts';
import { isWhole, type ProfilePipe } from './profile-pipe.ts';

export type ProfileAnswer = Extract<FromChild, { type: 'profiling' | 'profiled' }>;

export interface ProfileRunOptions {
  readonly clock: Clock;
  readonly link: Pick<Link, 'send' | 'profiled'>;
  /** Such as `web.0`. */
  readonly instance: string;
  readonly order: ProfileOrder;
  readonly pipe: ProfilePipe;
  /** Where the pipe leads. */
  readonly file: string;
  /** Where the thread of its watchdog looks for orders while the event loop is blocked; null = it has none, or cannot do this kind. */
  readonly watcher: string | null;
}

/** A program that has not begun by then is blocked: its watcher is asked … */
const ANSWER_MS = 1500;
/** … and has until then. */
const GIVE_UP_MS = 10_000;
/** V8 may need so long for a large heap; then the watchdog counts again. */
const LONGEST_HEAP_MS = 10 * 60_000;
/** From the answer of the guest, or its end, to the last byte in the pipe. */
const LAST_BYTES_MS = 2000;

export class ProfileRun {
  readonly #options: ProfileRunOptions;
  readonly #cancels: (() => void)[] = [];
  #began = false;
  #problem: string | null = null;
  #settle: { resolve(): void; reject(error: HoldfastError): void } | null = null;

  constructor(options: ProfileRunOptions) {
    this.#options = options;
  }

  /** Resolves when it is whole. Rejects with BAD_REQUEST or BUSY. */
  async take(): Promise<void> {
    const { link, order, clock, pipe, file, watcher } = this.#options;
    const whole = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    pipe.ended
      .then(() => this.#closed(isWhole(file, pipe.bytes())))
      .catch((error: Error) => this.#refuse(`what comes cannot be kept: ${error.message}`));
    this.#cancels.push(
      clock.after(ANSWER_MS, () => this.#askWatcher()),
      clock.after(GIVE_UP_MS, () => this.#giveUp()),
      clock.after(order.kind === 'heap' ? LONGEST_HEAP_MS : order.forMs + GIVE_UP_MS, () => {
        link.profiled = false; // A loop that is blocked since it began is for the watchdog.
      }),
    );
    // So that the watchdog lets it be: V8 needs its time for a heap, and a blocked loop is what is to be seen.
    link.profiled = true;
    link.send({ type: 'profile', ...order });
    try {
      await whole;
    } finally {
      link.profiled = false;
      for (const cancel of this.#cancels) cancel();
      pipe.close();
      if (watcher) rmSync(watcher, { force: true });
    }
  }

  /** Ends it before its time. */
  end(): void {
    this.#options.link.send({ type: 'profileEnd', id: this.#options.order.id });
  }

  heard(message: ProfileAnswer): void {
    const { order, watcher } = this.#options;
    if (message.id !== order.id) return;
    this.#began = true;
    if (watcher) rmSync(watcher, { force: true });
    if (message.type !== 'profiled') return;
    if (message.error !== null) this.#refuse(message.error);
    else this.#over('it was cut off'); // Not yet, if the last bytes are still in the pipe.
  }

  /** The process has ended, or is about to. */
  gone(): void {
    this.#over('the process ended before it was done');
  }

  /** Nothing more is going to come, but for what is in the pipe. */
  #over(problem: string): void {
    this.#problem ??= problem;
    this.#cancels.push(this.#options.clock.after(LAST_BYTES_MS, () => this.#refuse(problem)));
  }

  #closed(isWhole: boolean): void {
    if (isWhole) this.#settle?.resolve();
    else if (this.#problem !== null) this.#refuse(this.#problem);
    else this.#over('it was cut off'); // The reason comes by another way, and may be slower.
  }

  #askWatcher(): void {
    const { watcher, order } = this.#options;
    if (this.#began || watcher === null) return;
    try {
      writeFileSync(`${watcher}.new`, JSON.stringify(order), { mode: 0o644, flag: 'wx' });
      renameSync(`${watcher}.new`, watcher);
    } catch {
      rmSync(`${watcher}.new`, { force: true });
    }
  }

  #giveUp(): void {
    const { watcher, instance, order } = this.#options;
    // The watcher has taken it when its file is gone.
    if (this.#began || (watcher !== null && !existsSync(watcher))) return;
    this.#settle?.reject(
      new HoldfastError(
        'BUSY',
        `Cannot profile "${instance}": it has not answered for ${GIVE_UP_MS / 1000} s, its event loop is blocked`,
        {
          hint:
            order.kind === 'cpu' || order.kind === 'alloc'
              ? 'With `watchdog` in its configuration a CPU profile is possible then, too'
              : `Try \`hold profile ${instance} --cpu\`, which can look at a blocked event loop when the app has a \`watchdog\``,
        },
      ),
    );
  }

  #refuse(problem: string): void {
    const { instance, order } = this.#options;
    const restricted = /ERR_ACCESS_DENIED|restricted|--allow-/i.test(problem);
    this.#settle?.reject(
      new HoldfastError('BAD_REQUEST', `Cannot profile "${instance}": ${problem}`, {
        hint:
          restricted && (order.kind === 'cpu' || order.kind === 'alloc')
            ? "Node's permission model lets nobody look into the app like this; `--heap` and `--report` work"
            : `\`hold show ${instance.replace(/\.\d+$/, '')}\` says how it is now`,
      }),
    );
  }
}
