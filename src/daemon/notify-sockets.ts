/** The NOTIFY_SOCKET of every instance that has one, see sd_notify(3). Each has its own, so that the path tells who speaks. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../kit/clock.ts';
import { findHelper, type HelperProgram, helperNames } from './notify-helper.ts';

/** What an instance says, such as `READY` -> `1`. */
export type Notice = ReadonlyMap<string, string>;

export interface NotifySocketsOptions {
  readonly clock: Clock;
  /** PATH in which the helper is looked for. */
  readonly path: string;
  heard(key: string, notice: Notice): void;
  readonly programs?: readonly string[];
}

interface Opening {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly cancel: () => void;
}

/** A helper that died is replaced after this; one that cannot live, slower and slower. */
const RESTART_MIN_MS = 200;
const RESTART_MAX_MS = 30_000;
/** It answers at once; a start must not wait for one that does not. */
const ANSWER_MS = 10_000;
/** With all of its paths a line is far shorter. */
const LONGEST_LINE = 1024 * 1024;

export class NotifySockets {
  readonly #options: NotifySocketsOptions;
  /** By path: the instance. */
  readonly #keys = new Map<string, string>();
  readonly #openings = new Map<string, Opening>();
  #helper: ChildProcess | null = null;
  #cancelRestart: (() => void) | null = null;
  #closed = false;
  #restartMs = RESTART_MIN_MS;

  constructor(options: NotifySocketsOptions) {
    this.#options = options;
  }

  /**
   * Listens for an instance.
   *
   * @returns when datagrams are received; rejects with an error for people
   */
  open(key: string, path: string): Promise<void> {
    this.#keys.set(path, key);
    return new Promise((resolve, reject) => {
      const late = () => this.#settle(path, 'its helper program does not answer');
      this.#openings.set(path, { resolve, reject, cancel: this.#options.clock.after(ANSWER_MS, late) });
      if (this.#helper) this.#say(`+ ${path}`);
      else this.#start();
    });
  }

  /** The instance has ended. */
  close(key: string): void {
    for (const [path, owner] of this.#keys) {
      if (owner !== key) continue;
      this.#keys.delete(path);
      this.#settle(path, 'it has ended');
      this.#say(`- ${path}`);
    }
  }

  /** Of the helper program, while there is one. */
  get helperPid(): number | undefined {
    return this.#helper?.pid;
  }

  end(): void {
    this.#closed = true;
    this.#cancelRestart?.();
    this.#helper?.stdin?.end();
  }

  #start(): void {
    const { path } = this.#options;
    this.#cancelRestart?.();
    const program = findHelper(path, this.#options.programs);
    if (program) {
      this.#run(program);
      return;
    }
    this.#fail(`that needs ${helperNames.join(' or ')}, and neither is in PATH "${path}"`);
  }

  #run({ file, args }: HelperProgram): void {
    const cannot = (error: unknown) =>
      this.#lost(`cannot start "${file}": ${error instanceof Error ? error.message : String(error)}`);
    let helper: ChildProcess;
    try {
      helper = spawn(file, [...args], {
        env: { PATH: this.#options.path, PERL_BADLANG: '0' },
        stdio: ['pipe', 'pipe', 'inherit'],
        cwd: '/',
      });
    } catch (error) {
      cannot(error);
      return;
    }
    helper.on('error', cannot);
    // Without a descriptor to spare it has no pipes either. The error follows.
    if (helper.pid === undefined) return;
    this.#helper = helper;
    let rest = '';
    helper.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
      for (const line of lines) this.#hear(line);
    });
    // EPIPE of one that has died; `close` follows.
    helper.stdin?.on('error', () => undefined);
    helper.on('close', () => this.#died(helper));
    helper.unref();
    for (const socketPath of this.#keys.keys()) this.#say(`+ ${socketPath}`);
  }

  #died(helper: ChildProcess): void {
    if (this.#helper !== helper) return;
    this.#helper = null;
    this.#lost('its helper program has died');
  }

  /** There is no helper; later there may be. */
  #lost(why: string): void {
    this.#fail(why);
    if (this.#closed || this.#keys.size === 0) return;
    this.#cancelRestart?.();
    this.#cancelRestart = this.#options.clock.after(this.#restartMs, () => {
      if (!this.#closed && !this.#helper && this.#keys.size > 0) this.#start();
    });
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MAX_MS);
  }

  #fail(why: string): void {
    for (const path of [...this.#openings.keys()]) this.#settle(path, why);
  }

  /** `why`: what was in the way; null for nothing. */
  #settle(path: string, why: string | null): void {
    const opening = this.#openings.get(path);
    if (!opening) return;
    this.#openings.delete(path);
    opening.cancel();
    if (why === null) opening.resolve();
    else opening.reject(new Error(`cannot listen for sd_notify: ${why}`));
  }

  #say(line: string): void {
    this.#helper?.stdin?.write(`${line}\n`);
  }

  #hear(line: string): void {
    const [, word, path = '', detail = ''] = /^(ok|no|m) ([^\t]*)\t?(.*)$/.exec(line) ?? [];
    const key = this.#keys.get(path);
    if (word === 'm' && key !== undefined) this.#options.heard(key, parseNotice(detail));
    this.#restartMs = RESTART_MIN_MS;
    if (word === 'ok') this.#settle(path, null);
    if (word === 'no') this.#settle(path, `"${path}": ${detail}`);
  }
}

/** Lines of `NAME=value`. */
export function parseNotice(hex: string): Notice {
  const lines = Buffer.from(hex, 'hex').toString('utf8').split('\n');
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const equals = line.indexOf('=');
      return equals > 0 ? [[line.slice(0, equals), line.slice(equals + 1)]] : [];
    }),
  );
}
