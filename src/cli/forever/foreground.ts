/** `hold forever SCRIPT`: the script runs while this command does, and its output is seen here. */
import { HoldfastError } from '../../errors.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import { homePaths } from '../../protocol/home.ts';
import { ForeignExit } from '../foreign.ts';
import { foreverProcesses } from './process.ts';
import type { Session } from './session.ts';
import { start } from './start.ts';

/** As shells number what a signal ends. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Until all that it started have ended for good, or the person has had enough. Then they are stopped, and no longer listed.
 * @throws ForeignExit with the code of a script that ended with another than 0, or of the signal
 */
export async function foreground(session: Session): Promise<void> {
  const { context, root, command } = session;
  const begun = Date.now();
  let code = 0;
  const over = new AbortController();
  // The second one makes nobody faster: after the stop timeout they are killed in any case.
  context.takeSignals((signal) => {
    code = signalCodes[signal];
    over.abort();
  });
  const names = (await start(session)).map(({ name }) => name);
  const silent = command.options.silent === true;
  const output = silent ? [] : names.map((name) => new Output(session, name, begun));
  for (const each of output) each.follow();
  try {
    const last = await untilEnded(session, names, begun, over.signal);
    if (!over.signal.aborted) code = last;
  } finally {
    // Before the output is left: what they say at the end is part of it.
    const client = await context.connect();
    const left = (await foreverProcesses(client, root.dir)).filter(({ name }) => names.includes(name));
    await Promise.all(left.map(({ name }) => client.delete(name)));
    for (const each of output) await each.finish();
  }
  if (code !== 0) throw new ForeignExit(code);
}

/** The exit code of the last one. Says what forever says of exits and restarts. */
async function untilEnded(
  session: Session,
  names: readonly string[],
  begun: number,
  signal: AbortSignal,
): Promise<number> {
  const { context, voice } = session;
  const running = new Set(names);
  const starts = new Map<string, number>();
  let [seq, code] = [0, 0];
  const say = (message: string) => voice.plain(JSON.stringify({ level: 'error', message }));
  const hear = (event: HoldfastEvent, app: string) => {
    if (event.type === 'instance.spawned') {
      const count = starts.get(app) ?? 0;
      starts.set(app, count + 1);
      if (count > 0) say(`Script restart attempt #${count}`);
    }
    if (event.type === 'instance.crashed') {
      code = exitCode(event);
      say(howItEnded(event));
    }
    if (hasEnded(event)) running.delete(app);
  };
  while (running.size > 0 && !signal.aborted) {
    const client = await context.connect();
    try {
      // Some have happened before we listen.
      for await (const event of client.events({ tail: 500, follow: true, signal })) {
        if (event.seq <= seq || Date.parse(event.time) < begun) continue;
        seq = event.seq;
        if (event.app !== undefined && running.has(event.app)) hear(event, event.app);
        if (running.size === 0) break;
      }
    } catch (error) {
      // The daemon is replaced: the script is not concerned, and the next daemon knows it.
      if (!(error instanceof HoldfastError) || error.code !== 'DAEMON_UNREACHABLE') throw error;
    }
  }
  return code;
}

function hasEnded({ type, data }: HoldfastEvent): boolean {
  if (type === 'instance.failed' || type === 'instance.done') return true;
  return type === 'app.changed' && (data?.change === 'deleted' || data?.change === 'stopped');
}

function exitCode({ data }: HoldfastEvent): number {
  return typeof data?.code === 'number' ? data.code : 1;
}

function howItEnded({ data }: HoldfastEvent): string {
  return typeof data?.code === 'number'
    ? `Forever detected script exited with code: ${data.code}`
    : `Forever detected script was killed by signal: ${data?.signal}`;
}

/** What one app writes, passed on as it is. */
class Output {
  readonly #session: Session;
  readonly #name: string;
  readonly #since: number;
  readonly #over = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #passedOn = 0;

  constructor(session: Session, name: string, begun: number) {
    this.#session = session;
    this.#name = name;
    this.#since = begun;
  }

  follow(): void {
    this.#following = this.#read(true);
  }

  /** When nothing more comes: with what has been written since the last look. */
  async finish(): Promise<void> {
    this.#over.abort();
    await this.#following;
    const before = this.#passedOn;
    this.#passedOn = 0;
    await this.#read(false, before);
  }

  async #read(follow: boolean, skip = 0): Promise<void> {
    const { readLogs } = await import('../../logs/reader.ts');
    const { context } = this.#session;
    const lines = readLogs({
      dir: homePaths(context.home).logs,
      apps: [this.#name],
      since: this.#since,
      follow,
      ...(follow && { signal: this.#over.signal }),
    });
    for await (const { stream, text } of lines) {
      if (this.#passedOn++ < skip) continue;
      await (stream === 'err' ? context.err : context.out).flow(`${text}\n`);
    }
  }
}
