/** A server that Holdfast runs as `@front`: its files in the home, and what makes it read them again. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FrontServer } from '../../config/plan.ts';
import { HoldfastError } from '../../errors.ts';
import { writeAtomicSync } from '../../kit/atomic-file.ts';
import type { Clock } from '../../kit/clock.ts';
import { isDead, listProcesses } from '../../kit/proc.ts';
import type { App } from '../../supervisor/app.ts';
import type { Instance } from '../../supervisor/instance.ts';
import { refusal, runCommand } from './commands.ts';
import type { Destination } from './front.ts';
import { FRONT } from './front-app.ts';
import { frontProgram } from './program.ts';
import type { Rendered } from './rendering.ts';
import { filesOf, type Server, type ServerUser, servers } from './servers.ts';

export interface OwnProcessOptions {
  readonly clock: Clock;
  /** For its files. */
  readonly dir: string;
  /** Whom a server becomes that root starts; null = it is not root who starts it. */
  user(): ServerUser | null;
  app(name: string): App | undefined;
}

const CHECK_MS = 30_000;
/** A server that has begun nothing new by then does not take the new file. */
const TAKEN_MS = 15_000;
/** Old processes that still have something to finish take no new requests after this. */
const OLD_MS = 3000;
const LOOK_MS = 50;

export class OwnProcess {
  readonly #options: OwnProcessOptions;

  constructor(options: OwnProcessOptions) {
    this.#options = options;
  }

  for(name: FrontServer): Destination {
    const server = servers[name];
    return {
      check: (file) => this.#check(server, file),
      has: (file) => this.#isInForce(server, file),
      put: (file) => this.#put(server, file),
      // The process ends with the wish for it.
      withdraw: async () => rmSync(this.#options.dir, { recursive: true, force: true }),
    };
  }

  /** In a directory beside the real one. */
  async #check(server: Server, file: Rendered): Promise<void> {
    const dir = join(this.#options.dir, 'next');
    try {
      this.#write(server, file, dir);
      await this.#run(server, server.own.check(dir), dir, CHECK_MS);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }

  async #put(server: Server, file: Rendered): Promise<void> {
    await this.#check(server, file);
    const { dir } = this.#options;
    const before = this.#filesIn(dir, server, file).map(({ path }) => ({ path, text: textOf(path) }));
    this.#write(server, file, dir);
    try {
      await this.#reload(server);
    } catch (error) {
      for (const { path, text } of before) if (text !== null) writeAtomicSync(path, text);
      throw error;
    }
    writeAtomicSync(join(dir, 'in-force'), this.#digest(server, file));
  }

  /** A daemon may have died between writing and reloading. */
  #isInForce(server: Server, file: Rendered): boolean {
    const { dir } = this.#options;
    if (textOf(join(dir, 'in-force')) !== this.#digest(server, file)) return false;
    return this.#filesIn(dir, server, file).every(({ path, text }) => textOf(path) === text);
  }

  #digest(server: Server, file: Rendered): string {
    const texts = this.#filesIn(this.#options.dir, server, file).map(({ text }) => text);
    return createHash('sha256').update(texts.join('\0')).digest('hex');
  }

  #filesIn(dir: string, server: Server, { text, plan }: Rendered) {
    return filesOf(server.own, { dir, plan, user: this.#options.user(), text });
  }

  #write(server: Server, file: Rendered, dir: string): void {
    for (const { path, text } of this.#filesIn(dir, server, file)) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeAtomicSync(path, text);
    }
  }

  /** One that does not run reads the file when it is started. */
  async #reload(server: Server): Promise<void> {
    const front = this.#options.app(FRONT)?.current.at(0);
    // A signal to one that has not yet said what to do with it would end it.
    await front?.until(() => front.phase !== 'starting');
    const wanted = this.#options.app(FRONT)?.desired.generation;
    if (front?.phase !== 'ready' || front.generation !== wanted) return;
    const { reload } = server.own;
    if (typeof reload !== 'string')
      return this.#run(server, reload(this.#options.dir), this.#options.dir, CHECK_MS);
    const before = childrenOf(front);
    front.running?.notify(reload);
    const isTaken = () => front.phase !== 'ready' || childrenOf(front).some((pid) => !before.includes(pid));
    if (!(await this.#until(isTaken, TAKEN_MS))) {
      throw new HoldfastError(
        'EXPORT_REFUSED',
        `${server.title} goes on with its old configuration, after it was told to read the new one`,
        {
          hint: `\`hold logs ${FRONT}\` shows what it says`,
        },
      );
    }
    await this.#until(() => {
      const now = childrenOf(front);
      return before.every((pid) => !now.includes(pid) || isLeaving(pid));
    }, OLD_MS);
  }

  async #run({ title, own }: Server, args: readonly string[], dir: string, timeoutMs: number): Promise<void> {
    const program = frontProgram(own.programs, process.env.PATH);
    if (program === null) throw missing(title, own.programs);
    const { code, said } = await runCommand(
      [program, ...args],
      own.env?.(dir) ?? {},
      this.#options.clock,
      timeoutMs,
    );
    if (code === 0) return;
    throw refusal(`${title} refuses this configuration`, said.replaceAll(`${dir}/`, ''));
  }

  /** Whether it came to be so in time. */
  async #until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    const { clock } = this.#options;
    const end = clock.now() + timeoutMs;
    while (!condition()) {
      if (clock.now() >= end) return false;
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
    return true;
  }
}

export function missing(title: string, programs: readonly string[]): HoldfastError {
  const [program = ''] = programs;
  return new HoldfastError(
    'PROGRAM_MISSING',
    `Cannot put ${title} in front: there is no program "${program}" on this machine`,
    {
      hint: `Install it (such as \`apt install ${program}\`), or leave out \`front\`: then it is the edge that is built in`,
    },
  );
}

function childrenOf({ running }: Instance): number[] {
  const leader = running?.record.pid;
  return listProcesses().flatMap((one) => (one.ppid === leader && !isDead(one) ? [one.pid] : []));
}

/** A worker of nginx that takes nothing new says so in its title. */
function isLeaving(pid: number): boolean {
  return textOf(`/proc/${pid}/cmdline`)?.includes('shutting down') ?? false;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
