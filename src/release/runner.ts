/** Runs the programs of installs and builds: as the build user, with the environment of builds and no other. */
import { HoldfastError } from '../errors.ts';
import { become } from '../launch/chain.ts';
import type { Machine } from '../launch/machine.ts';
import type { Builder } from './builder.ts';
import { runProgram } from './run-program.ts';
import type { StepCommand, StepRunner } from './seams.ts';
import type { StepOutput } from './step-output.ts';

export interface RunnerOptions {
  readonly machine: Machine;
  readonly builder: Builder;
  /** See buildEnv. */
  readonly env: Readonly<Record<string, string>>;
  /** Directory of the release's record. */
  readonly records: string;
  /** Where the build user must get. */
  readonly releases: string;
  readonly signal: AbortSignal;
  readonly output: StepOutput;
}

const MOST_OUTPUT_CHARS = 64 * 1024 * 1024;

export class Runner implements StepRunner {
  readonly #options: RunnerOptions;
  #mayEnter = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  say(line: string): void {
    this.#options.output.say(line);
  }

  async run(words: readonly string[], command: StepCommand): Promise<void> {
    this.say(`$ ${words.join(' ')}`);
    await this.#run(words, command, (line) => this.say(line));
  }

  async read(words: readonly string[], command: StepCommand): Promise<string> {
    const output: string[] = [];
    let chars = 0;
    await this.#run(words, command, (line) => {
      chars += line.length;
      if (chars < MOST_OUTPUT_CHARS) output.push(line);
    });
    return output.join('\n');
  }

  async #run(words: readonly string[], command: StepCommand, onOut: (line: string) => void): Promise<void> {
    const { machine, builder, signal, records, output } = this.#options;
    const { cwd, env = {}, path = [], alsoGood = [] } = command;
    this.#requireEntrance();
    const all = { ...this.#options.env, ...env };
    const PATH = [...path, all.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(':');
    const [file = '', ...args] = [...become(builder.identity, machine), ...words];
    const order = {
      file,
      args,
      cwd,
      env: { ...all, PATH },
      words: words.join(' '),
      records,
      signal,
      alsoGood,
    };
    try {
      await runProgram({ ...order, onOut, onErr: (line) => this.say(line) });
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      const { code, message, hint, details } = error;
      throw new HoldfastError(code, output.mask(message), {
        hint,
        details: details.map((line) => output.mask(line)),
      });
    }
  }

  /** Otherwise every program would fail in its own words. */
  #requireEntrance(): void {
    const { machine, builder, releases } = this.#options;
    if (this.#mayEnter || !builder.identity?.account) return;
    const closed = machine.firstClosed(become(builder.identity, machine), { enter: [releases], read: [] });
    this.#mayEnter = closed === undefined;
    if (!closed) return;
    const message = `Cannot build as "${builder.name}": "${builder.name}" may not enter "${closed.path}"`;
    throw new HoldfastError('RIGHTS_MISSING', message, {
      hint: 'Open that directory to it (chmod o+x), or choose a home of Holdfast that every user can reach',
    });
  }
}
