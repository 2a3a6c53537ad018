/** What a command gets: its two outputs, what was said globally, and the way to the daemon. */
import type { Client } from '../client/client.ts';
import { findHome } from '../client/home.ts';
import { withoutColour } from './print/style.ts';
import { type OutputStream, Terminal } from './print/terminal.ts';

/** What a process brings in; tests bring their own. */
export interface Surroundings {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly uid: number | undefined;
  /** Aborted when the person wants to get out (Ctrl-C). */
  readonly signal: AbortSignal;
  /** From now on SIGINT and SIGTERM go there, and nowhere else. */
  takeSignals(handler: (signal: 'SIGINT' | 'SIGTERM') => void): void;
}

export interface GlobalOptions {
  readonly home?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
  /** false after `--no-color`. */
  readonly color?: boolean;
}

export class Context {
  readonly out: Terminal;
  readonly home: string;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** The environment as far as colours go: `--no-color` is in it. */
  readonly paintEnv: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly #surroundings: Surroundings;
  #err: Terminal | undefined;
  #client: Client | undefined;

  constructor(surroundings: Surroundings, options: GlobalOptions) {
    const { env, cwd, uid } = surroundings;
    this.#surroundings = surroundings;
    this.paintEnv = options.color === false ? withoutColour(env) : env;
    this.out = new Terminal(surroundings.stdout, this.paintEnv);
    this.home = findHome({ flag: options.home, env, cwd, uid });
    this.json = options.json === true;
    this.verbose = options.verbose === true;
    this.env = env;
    this.cwd = cwd;
    this.signal = surroundings.signal;
  }

  /** Made when it is needed, as stdin is: most commands say nothing there. */
  get err(): Terminal {
    this.#err ??= new Terminal(this.#surroundings.stderr, this.paintEnv);
    return this.#err;
  }

  get stdin(): NodeJS.ReadStream {
    return this.#surroundings.stdin;
  }

  /** For a command that runs a program in the foreground. */
  takeSignals(handler: (signal: 'SIGINT' | 'SIGTERM') => void): void {
    this.#surroundings.takeSignals(handler);
  }

  /** A daemon, started when there is none. */
  async connect(): Promise<Client> {
    const { connect } = await import('../client/connect.ts');
    this.#client = await connect({ home: this.home, start: true });
    return this.#client;
  }

  /** A daemon, or null when nothing runs: for what only looks, or only ends things. */
  async look(): Promise<Client | null> {
    const { connectIfRunning } = await import('../client/connect.ts');
    this.#client = (await connectIfRunning(this.home)) ?? undefined;
    return this.#client ?? null;
  }

  close(): void {
    this.#client?.close();
  }
}
