/**
 * Runs the programs of a step: as the build user, in a session of their own, with the environment of builds and no other. What they say
 * goes to the log of the step and to whoever looks on. When the deploy is given up, they end with it.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HoldfastError } from '../errors.ts';
import { identify, type ProcessId, sessionMembers } from '../kit/proc.ts';
import { become } from '../launch/chain.ts';
import type { Machine } from '../launch/machine.ts';
import { masked } from './build-env.ts';
import type { Builder } from './builder.ts';
import type { StepCommand, StepRunner } from './seams.ts';

export interface RunnerOptions {
  readonly machine: Machine;
  readonly builder: Builder;
  /** See buildEnv. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of variables whose values are not to be written anywhere. */
  readonly secret: readonly string[];
  /** Directory of the release's record. */
  readonly records: string;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/** What runs at present, in a file beside the record: whoever finds the release given up ends it. */
const RUNNING = 'running.json';
/** For messages. */
const LAST_LINES = 15;
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

export class Runner implements StepRunner {
  readonly #options: RunnerOptions;
  #log: number | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** From now on the output goes to the log of this step. */
  begin(step: string): void {
    this.end();
    this.#log = openSync(join(this.#options.records, `${step}.log`), 'a', 0o600);
  }

  end(): void {
    if (this.#log !== null) closeSync(this.#log);
    this.#log = null;
  }

  say(line: string): void {
    const { env, secret, onLine } = this.#options;
    const text = masked(line, env, secret);
    if (this.#log !== null) writeSync(this.#log, `${text}\n`);
    onLine(text);
  }

  async run(words: readonly string[], command: StepCommand): Promise<void> {
    this.say(`$ ${words.join(' ')}`);
    const last: string[] = [];
    await this.#spawn(words, command, last, (line) => this.say(line));
  }

  async read(words: readonly string[], command: StepCommand): Promise<string> {
    const output: string[] = [];
    let bytes = 0;
    await this.#spawn(words, command, [], (line) => {
      bytes += line.length;
      if (bytes < MOST_OUTPUT_BYTES) output.push(line);
    });
    return output.join('\n');
  }

  async #spawn(
    words: readonly string[],
    { cwd, env = {}, path = [], alsoGood = [] }: StepCommand,
    last: string[],
    onOut: (line: string) => void,
  ): Promise<void> {
    const { machine, builder, signal, records } = this.#options;
    signal.throwIfAborted();
    const all = { ...this.#options.env, ...env };
    const PATH = [...path, all.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(':');
    const [file = '', ...args] = [...become(builder.identity, machine), ...words];
    const child = spawn(file, args, {
      cwd,
      env: { ...all, PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const id = identify(child.pid ?? 0);
    if (id) writeFileSync(join(records, RUNNING), JSON.stringify(id), { mode: 0o600 });
    const end = () => id && endSession(id);
    signal.addEventListener('abort', end, { once: true });
    const keep = (line: string) => {
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
    };
    const out = createInterface(child.stdout).on('line', (line) => {
      keep(line);
      onOut(line);
    });
    createInterface(child.stderr).on('line', (line) => {
      keep(line);
      this.say(line);
    });
    try {
      const how = await new Promise<{ code: number | null; killedBy: string | null }>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, killedBy) => resolve({ code, killedBy }));
      }).catch((error: Error) => {
        throw new HoldfastError('STEP_FAILED', `Cannot run "${words.join(' ')}": ${error.message}`);
      });
      out.close();
      signal.throwIfAborted();
      if (how.code === 0 || (how.code !== null && alsoGood.includes(how.code))) return;
      const why = how.killedBy === null ? `ended with code ${how.code}` : `was ended by ${how.killedBy}`;
      const { secret } = this.#options;
      throw new HoldfastError('STEP_FAILED', `"${masked(words.join(' '), all, secret)}" ${why}`, {
        details: last.map((line) => masked(line, all, secret)),
      });
    } finally {
      signal.removeEventListener('abort', end);
      rmSync(join(records, RUNNING), { force: true });
    }
  }
}

/** Of a release that was given up: what still runs for it. */
export function endRunning(records: string, readFile: (path: string) => string): void {
  try {
    endSession(JSON.parse(readFile(join(records, RUNNING))) as ProcessId);
  } catch {
    // Nothing runs.
  }
  rmSync(join(records, RUNNING), { force: true });
}

function endSession(id: ProcessId): void {
  // The leader may have ended before those that it started; a later process with its number is not of the same session.
  const members = sessionMembers(id.pid);
  const leader = members.find(({ pid }) => pid === id.pid);
  if (leader && leader.startTime !== id.startTime) return;
  for (const { pid } of members) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}
