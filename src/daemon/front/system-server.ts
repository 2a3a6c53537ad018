/** The server of this machine: one file of it is ours. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FrontPlan } from '../../config/plan.ts';
import { HoldfastError, isSystemError } from '../../errors.ts';
import { writeAtomicSync } from '../../kit/atomic-file.ts';
import type { Clock } from '../../kit/clock.ts';
import { refusal, runCommand } from './commands.ts';
import type { Destination } from './front.ts';
import type { Rendered } from './rendering.ts';
import { type Command, servers } from './servers.ts';

/** At the head of what `front` and `hold export` write. */
const OURS = /^# Written by (?:Holdfast|`hold export)/m;
const CHECK_MS = 30_000;
const RELOAD_MS = 60_000;

export class SystemServer implements Destination {
  readonly #file: string;
  readonly #title: string;
  readonly #check: Command;
  readonly #reload: Command;
  readonly #clock: Clock;

  constructor({ server, check, reload }: FrontPlan, file: string, clock: Clock) {
    const { title, system } = servers[server];
    this.#file = file;
    this.#title = title;
    this.#check = check ?? system.check(file);
    this.#reload = reload ?? system.reload;
    this.#clock = clock;
  }

  async check({ text }: Rendered): Promise<void> {
    const before = this.#read();
    if (before === text) return;
    this.#refuseForeign(before);
    try {
      this.#write(text);
      await this.#run(this.#check, CHECK_MS);
    } finally {
      this.#write(before);
    }
  }

  has({ text }: Rendered): boolean {
    return this.#read() === text;
  }

  async put({ text }: Rendered): Promise<void> {
    const before = this.#read();
    this.#refuseForeign(before);
    try {
      this.#write(text);
      await this.#run(this.#check, CHECK_MS);
      await this.#run(this.#reload, RELOAD_MS);
    } catch (error) {
      this.#write(before);
      throw error;
    }
  }

  async withdraw(): Promise<void> {
    if (this.#read() === null) return;
    this.#write(null);
    await this.#run(this.#check, CHECK_MS);
    await this.#run(this.#reload, RELOAD_MS);
  }

  async #run(command: Command, timeoutMs: number): Promise<void> {
    const { code, said } = await runCommand(command, {}, this.#clock, timeoutMs);
    if (code === 0) return;
    const how = code === null ? 'was ended by a signal' : `ended with ${code}`;
    throw refusal(`${this.#title} refuses "${this.#file}"`, said, `\`${command.join(' ')}\` ${how}`);
  }

  /** A file that somebody wrote by hand is not to be lost. */
  #refuseForeign(text: string | null): void {
    if (text === null || text.trim() === '' || OURS.test(text)) return;
    throw new HoldfastError(
      'EXPORT_REFUSED',
      `Cannot write "${this.#file}": there is one that Holdfast has not written`,
      {
        hint: 'Name another file in `front.file`, or move this one away',
      },
    );
  }

  #read(): string | null {
    return existsSync(this.#file) ? readFileSync(this.#file, 'utf8') : null;
  }

  /** @param text null: there is to be none */
  #write(text: string | null): void {
    try {
      if (text === null) rmSync(this.#file, { force: true });
      if (text === null) return;
      mkdirSync(dirname(this.#file), { recursive: true });
      writeAtomicSync(this.#file, text);
      // There is nothing secret in it, and servers may read it as somebody else.
      chmodSync(this.#file, 0o644);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new HoldfastError(
        'EXPORT_REFUSED',
        `Cannot write "${this.#file}" for ${this.#title}: ${error.message}`,
        {
          hint: 'Let the user that Holdfast runs as write there, or leave out `file`: then Holdfast runs a server of its own',
          cause: error,
        },
      );
    }
  }
}
