import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { plainEnv } from '../../test/support/hold.ts';
import { processesWith } from '../../test/support/processes.ts';
import { until } from '../../test/support/until.ts';

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Where its output goes; otherwise to a log in the scratch directory, shown when it fails. */
  readonly stdout?: number;
}

const open = new Set<Scratch>();

/** A directory and the programs of one measurement; `close` ends and removes them all, the last one first. */
export class Scratch {
  readonly dir = mkdtempSync('/tmp/hfb-');
  readonly #steps: (() => unknown)[] = [];
  #programs = 0;
  #made = 0;

  constructor() {
    open.add(this);
  }

  /** Closes all that are open, when the benchmarks are broken off. */
  static async closeAll(): Promise<void> {
    await Promise.all([...open].map((scratch) => scratch.close()));
  }

  /** Something to be done by `close`. */
  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** A path that nobody else gets. */
  fresh(name: string): string {
    this.#made += 1;
    return this.path(`${name}-${this.#made}`);
  }

  /** Starts a program in a process group of its own. */
  start(
    command: string,
    args: readonly string[],
    options: ProgramOptions = {},
  ): ChildProcess & { pid: number } {
    this.#programs += 1;
    const log = this.path(`program-${this.#programs}.log`);
    const fd = openSync(log, 'a');
    const child = spawn(command, args, {
      env: { ...plainEnv(), ...options.env },
      cwd: options.cwd ?? this.dir,
      stdio: ['ignore', options.stdout ?? fd, fd],
      detached: true,
    });
    child.once('error', (error) => console.error(`${command}: ${error.message}`));
    const { pid } = child;
    if (pid === undefined) throw new Error(`"${command}" did not start`);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    let closing = false;
    child.once('exit', (code) => {
      if (!closing && code)
        console.error(`${command} ended with ${code}:\n${readFileSync(log, 'utf8').slice(-2000)}`);
    });
    this.defer(async () => {
      closing = true;
      signalGroup(pid, 'SIGTERM');
      const hard = setTimeout(() => signalGroup(pid, 'SIGKILL'), 3000);
      if (child.exitCode === null && child.signalCode === null) await exited;
      clearTimeout(hard);
      signalGroup(pid, 'SIGKILL');
    });
    return Object.assign(child, { pid });
  }

  async close(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        console.error(`Clean-up: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    for (const { pid } of processesWith(this.dir)) process.kill(pid, 'SIGKILL');
    await until(() => processesWith(this.dir).length === 0, { why: 'the last strays are gone' });
    rmSync(this.dir, { recursive: true, force: true });
    open.delete(this);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {} // Gone already.
}
