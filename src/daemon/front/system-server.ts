/** The server of this machine: one file of it is ours. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FrontPlan, FrontServer } from '../../config/plan.ts';
import { HoldfastError, isSystemError } from '../../errors.ts';
import { nobodyElseListens } from '../../exporters/listening.ts';
import { writeAtomicSync } from '../../kit/atomic-file.ts';
import type { Clock } from '../../kit/clock.ts';
import { refusal, runCommand } from './commands.ts';
import type { Destination } from './front.ts';
import { frontProgram } from './program.ts';
import type { Rendered } from './rendering.ts';
import { type Command, servers } from './servers.ts';
import { addressesOf, silentOf } from './system-addresses.ts';

export interface SystemServerOptions {
  readonly clock: Clock;
  /** For what is known of the file; belongs to the home, and tells homes apart. */
  readonly dir: string;
}

const CHECK_MS = 30_000;
const RELOAD_MS = 60_000;
const HOME_LINE = '# For the Holdfast home that has';

export class SystemServer implements Destination {
  readonly #file: string;
  readonly #server: FrontServer;
  readonly #title: string;
  readonly #check: Command;
  readonly #reload: Command;
  readonly #clock: Clock;
  readonly #dir: string;

  constructor({ server, check, reload }: FrontPlan, file: string, { clock, dir }: SystemServerOptions) {
    const { title, system } = servers[server];
    this.#file = file;
    this.#server = server;
    this.#title = title;
    this.#check = check ?? system.check(file);
    this.#reload = reload ?? system.reload;
    this.#clock = clock;
    this.#dir = dir;
  }

  async check(file: Rendered, ours: ReadonlySet<number>): Promise<void> {
    const before = this.#read();
    this.#refuseForeign(before);
    this.#refuseNoDirectory();
    await this.#refuseTaken(file, before, ours);
    const text = this.#textOf(file);
    if (before === text) return this.#look();
    try {
      this.#write(text);
      await this.#look();
    } finally {
      this.#write(before);
    }
  }

  /** A daemon may have died between writing and reloading. */
  has(file: Rendered): boolean {
    const text = this.#textOf(file);
    return this.#read() === text && textIn(this.#inForce) === digestOf(text);
  }

  async put(file: Rendered): Promise<void> {
    const text = this.#textOf(file);
    const before = this.#read();
    this.#refuseForeign(before);
    this.#refuseNoDirectory();
    await this.#refuseTaken(file, before, new Set());
    try {
      this.#write(text);
      await this.#look();
      await this.#takeUp();
    } catch (error) {
      this.#write(before);
      throw error;
    }
    const silent = await silentOf(addressesOf(this.#server, file), this.#clock);
    if (silent.length > 0) {
      this.#write(before);
      // In case it has only been slow.
      await this.#takeUp().catch(() => undefined);
      throw this.#unheard(silent);
    }
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    writeAtomicSync(this.#inForce, digestOf(text));
  }

  async withdraw(): Promise<void> {
    rmSync(this.#inForce, { force: true });
    const text = this.#read();
    if (text === null || this.#whyForeign(text) !== null) return;
    this.#write(null);
    await this.#look();
    await this.#takeUp();
  }

  get #inForce(): string {
    return join(this.#dir, 'in-force-of-file');
  }

  get #head(): string {
    return `${HOME_LINE} ${JSON.stringify(this.#dir)}.\n`;
  }

  #textOf({ text }: Rendered): string {
    return this.#head + text;
  }

  async #look(): Promise<void> {
    await this.#run(this.#check, CHECK_MS, `${this.#title} refuses "${this.#file}"`);
  }

  async #takeUp(): Promise<void> {
    await this.#run(this.#reload, RELOAD_MS, `Cannot reload ${this.#title}`);
  }

  async #run(command: Command, timeoutMs: number, what: string): Promise<void> {
    const { code, said } = await runCommand(command, {}, this.#clock, timeoutMs);
    if (code === 0) return;
    // What a shell is given says at its end what it is for.
    const line = command[0] === 'sh' && command[1] === '-c' ? (command[3] ?? 'sh') : command.join(' ');
    const how = `\`${line}\` ${code === null ? 'was ended by a signal' : `ended with ${code}`}`;
    throw refusal(what, said === '' ? `${how} and said nothing` : said, how);
  }

  /** A file that somebody wrote by hand, or another home, is not to be lost. */
  #refuseForeign(text: string | null): void {
    const why = text === null ? null : this.#whyForeign(text);
    if (why === null) return;
    throw new HoldfastError('EXPORT_REFUSED', `Cannot write "${this.#file}": ${why}`, {
      hint: 'Name another file in `front.file`, or move this one away',
    });
  }

  #whyForeign(text: string): string | null {
    if (text.trim() === '' || text.startsWith(this.#head)) return null;
    if (text.startsWith(HOME_LINE)) return 'there is one of another home of Holdfast';
    if (/^# Written by `hold export/m.test(text)) return 'there is one that `hold export` has written';
    return 'there is one that Holdfast has not written';
  }

  #refuseNoDirectory(): void {
    const dir = dirname(this.#file);
    if (existsSync(dir)) return;
    throw new HoldfastError(
      'EXPORT_REFUSED',
      `Cannot write "${this.#file}": there is no directory "${dir}"`,
      {
        hint: `Name a file in \`front.file\` that ${this.#title} reads`,
      },
    );
  }

  /** Only root is told whose a port is. */
  async #refuseTaken(file: Rendered, before: string | null, ours: ReadonlySet<number>): Promise<void> {
    if (process.getuid?.() !== 0) return;
    const known = addressesOf(this.#server, { ...file, text: before ?? '' });
    const fresh = addressesOf(this.#server, file).filter(
      (address) => !known.includes(address) && !ours.has(Number(address.slice(address.lastIndexOf(':') + 1))),
    );
    const program = frontProgram(servers[this.#server].own.programs, process.env.PATH);
    if (fresh.length === 0 || program === null) return;
    const { code, said } = await runCommand(
      nobodyElseListens(basename(program), fresh),
      {},
      this.#clock,
      CHECK_MS,
    );
    if (code !== 0) throw refusal(`${this.#title} cannot have its ports`, said);
  }

  #unheard(silent: readonly string[]): HoldfastError {
    const places = silent.join(', ');
    return new HoldfastError(
      'EXPORT_REFUSED',
      `${this.#title} does not listen at ${places} after it was told to read "${this.#file}"`,
      {
        hint: `Is it one of the files that ${this.#title} reads? If so, the log of ${this.#title} says why. The file is as it was before`,
      },
    );
  }

  #read(): string | null {
    return textIn(this.#file);
  }

  /** @param text null: there is to be none */
  #write(text: string | null): void {
    try {
      if (text === null) rmSync(this.#file, { force: true });
      else replace(this.#file, text);
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

/**
 * Never half written. There is nothing secret in it, and servers may read it as somebody else. Of names that begin with a dot `*` is not
 * a pattern, for nginx and Apache; and one that is left behind is overwritten the next time.
 */
function replace(file: string, text: string): void {
  const temporary = join(dirname(file), `.${basename(file)}.holdfast`);
  rmSync(temporary, { force: true });
  const fd = openSync(temporary, 'wx', 0o644);
  try {
    fchmodSync(fd, 0o644);
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function textIn(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
