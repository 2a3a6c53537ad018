/**
 * The server in the place of the edge: keeps its file as desired state and the instances want it. Every new file is looked at by the
 * server itself first; one that it refuses never counts, and the one before goes on.
 */

import { asHoldfastError, HoldfastError } from '../../errors.ts';
import { lossLines } from '../../exporters/losses.ts';
import type { Clock } from '../../kit/clock.ts';
import { FRONT_NAME } from '../../protocol/api.ts';
import type { App, DrainOrder } from '../../supervisor/app.ts';
import type { Instance } from '../../supervisor/instance.ts';
import type { Journal } from '../journal.ts';
import { hasGuest } from '../ports.ts';
import type { DesiredState } from '../state.ts';
import { isConnected } from './connections.ts';
import { type Listing, listed } from './listing.ts';
import { OwnProcess } from './own-process.ts';
import { type Rendered, rendered } from './rendering.ts';
import { type ServerUser, servers } from './servers.ts';
import { SystemServer } from './system-server.ts';

export interface FrontOptions {
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'record'>;
  /** For the files of a process of Holdfast's own. */
  readonly dir: string;
  /** Whom a server becomes that root starts; null = it is not root who starts it. */
  user(): ServerUser | null;
  state(): DesiredState;
  app(name: string): App | undefined;
}

/** How a server is reached: a process of Holdfast's own, or the one of this machine. */
export interface Destination {
  /**
   * @param ours ports that Holdfast listens on now, and gives up when this is put
   * @throws HoldfastError EXPORT_REFUSED with what the server said, PROGRAM_MISSING
   */
  check(file: Rendered, ours: ReadonlySet<number>): Promise<void>;
  /** What it has is this already. */
  has(file: Rendered): boolean;
  /** Checks it, puts it there and into force, or leaves all as it was and throws as `check` does. */
  put(file: Rendered): Promise<void>;
  /** Takes away what was put there, also when the server then finds fault with the rest. */
  withdraw(): Promise<void>;
}

/** What a server refuses may be the fault of another file of it, which somebody mends. */
const AGAIN_MS = 30_000;
/** Several changes at once, as when an app starts, are one file. */
const SETTLE_MS = 50;
const LOOK_MS = 100;
/** So many lines are told one by one. */
const FEW = 2;
/** So often in a row nobody is connected to a port: those who were on their way are done, too. */
const QUIET_LOOKS = 5;
/** Whether its old processes have heard of the new file, the server of the machine does not tell us. */
const SYSTEM_QUIET_LOOKS = 20;
/** Where the system does not tell who is connected. */
const UNSEEN_MS = 5000;

export class Front {
  readonly #options: FrontOptions;
  readonly #own: OwnProcess;
  readonly #listings = new Map<string, Listing>();
  /** The ports in the file that is in force. */
  #ports: ReadonlySet<number> = new Set();
  #refused: { readonly text: string; readonly error: HoldfastError; readonly at: number } | null = null;
  #losses: readonly string[] = [];
  #cancel: (() => void) | null = null;
  /** What is scheduled was asked for just now. */
  #isSoon = false;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#own = new OwnProcess(options);
  }

  /** What somebody must see to. */
  get troubles(): readonly string[] {
    const { front } = this.#options.state();
    if (!this.#refused || !front) return [];
    return [
      `${servers[front.server].title} goes on with its old configuration: ${this.#refused.error.message}`,
    ];
  }

  /** All that is to be said of it. */
  get notes(): readonly string[] {
    return [...this.troubles, ...this.#losses];
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  /** Whether this wish can be had; nothing is changed. Throws as `Destination.check` does. */
  async check(target: DesiredState): Promise<void> {
    const { front } = target;
    if (!front || Object.keys(target.sites).length === 0) return;
    const destination = this.#destination(target);
    const file = this.#render(target, new Map());
    refuseUnguarded(file, servers[front.server].title);
    await this.#alone(() => destination.check(file, this.#ownPorts()));
    const known = this.#losses;
    this.#losses = linesOf(file);
    const news = this.#losses.filter((line) => !known.includes(line));
    this.#tellLosses(news, front.file);
    // What was refused before may be mended: a person tries it again.
    this.#refused = null;
  }

  /** Something has changed that the file may depend on. */
  refresh(): void {
    if (this.#closed || this.#isSoon || !this.#options.state().front) return;
    this.#cancel?.();
    this.#later(SETTLE_MS);
    this.#isSoon = true;
  }

  /** A person has run `up`: what was refused is tried again. */
  retry(): void {
    this.#refused = null;
    this.refresh();
  }

  /** The file is as it is to be now, and in force. Throws when the server refuses it. */
  async settled(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    this.#isSoon = false;
    await this.#alone(() => this.#bringUpToDate());
    if (this.#refused) throw this.#refused.error;
  }

  /** Nothing is left with the server of this machine when there is to be no front any more, or another one. */
  async withdraw(next: DesiredState): Promise<void> {
    const { front } = this.#options.state();
    if (!front || (front.server === next.front?.server && front.file === next.front.file)) return;
    this.#ports = new Set();
    this.#refused = null;
    const destination = this.#destination(this.#options.state());
    // That somebody's other file is broken must not keep us here.
    await this.#alone(() => destination.withdraw()).catch((error: unknown) =>
      this.#tellRefusal(servers[front.server].title, asHoldfastError(error)),
    );
  }

  /** Resolves when the server sends requests to it. */
  async admit(_instance: Instance): Promise<void> {
    await this.#patiently();
  }

  /**
   * Resolves when the server sends it nothing new: another process has its port, or it is out of the file, and nobody is connected any
   * more who had it from the file before.
   */
  async retire(instance: Instance, { timeoutMs, final }: DrainOrder): Promise<void> {
    const { plan, phase } = instance;
    const port = portOf(instance);
    if (port === null || phase !== 'ready') return;
    await this.#patiently();
    if (final || (hasGuest(plan) && this.#ports.has(port))) return;
    await this.#quiet(port, timeoutMs);
  }

  /** A refused file is told by its event. */
  async #patiently(): Promise<void> {
    await this.settled().catch(() => undefined);
  }

  #laterUnlessSoon(ms: number): void {
    if (!this.#cancel && !this.#closed) this.#later(Math.max(SETTLE_MS, ms));
  }

  #later(ms: number): void {
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#cancel = null;
      this.#isSoon = false;
      void this.#alone(() => this.#bringUpToDate());
    });
  }

  /** One after the other: they share files. */
  #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }

  async #bringUpToDate(): Promise<void> {
    const { state, journal } = this.#options;
    const { front, sites } = state();
    if (this.#closed || !front || Object.keys(sites).length === 0) return;
    const { title } = servers[front.server];
    const ports = new Map<string, readonly number[]>();
    const file = this.#render(state(), ports);
    this.#losses = linesOf(file);
    const { clock } = this.#options;
    const { text: refused, at = 0 } = this.#refused ?? {};
    if (refused === file.text && clock.now() < at + AGAIN_MS)
      return this.#laterUnlessSoon(at + AGAIN_MS - clock.now());
    const destination = this.#destination(state());
    try {
      if (!destination.has(file)) {
        await destination.put(file);
        journal.record('front.written', {
          app: FRONT_NAME,
          data: { server: title, ...(front.file !== null && { file: front.file }) },
        });
      }
      this.#refused = null;
      this.#ports = new Set([...ports.values()].flat());
    } catch (thrown) {
      // A full disk, too: it is tried again.
      const error = asHoldfastError(thrown);
      const isKnown = this.#refused?.error.message === error.message;
      this.#refused = { text: file.text, error, at: clock.now() };
      this.#laterUnlessSoon(AGAIN_MS);
      if (!isKnown) this.#tellRefusal(title, error);
    }
  }

  /** The first time it may be a page of them. */
  #tellLosses(lines: readonly string[], file: string | null): void {
    const where = file === null ? `\`hold show ${FRONT_NAME}\`` : `the head of ${file}`;
    const reasons = lines.length > FEW ? [`${lines.length} settings; ${where} lists them`] : lines;
    for (const reason of reasons)
      this.#options.journal.record('front.lacks', { app: FRONT_NAME, reason, data: { lines } });
  }

  #tellRefusal(server: string, { message, details }: HoldfastError): void {
    const data = { server, said: details };
    this.#options.journal.record('front.refused', { app: FRONT_NAME, reason: message, data });
  }

  #destination(state: DesiredState): Destination {
    const { front } = state;
    if (front && front.file !== null) return new SystemServer(front, front.file, this.#options);
    return this.#own.for(front?.server ?? 'nginx');
  }

  /** Those of the edge, or of a server of its own: it ends before another one begins. */
  #ownPorts(): ReadonlySet<number> {
    const { edge, front } = this.#options.state();
    return new Set(edge && (front?.file ?? null) === null ? [edge.http.port, edge.https.port] : []);
  }

  /** @param ports filled with the ports of each app */
  #render(state: DesiredState, ports: Map<string, readonly number[]>): Rendered {
    const { front } = state;
    if (!front) throw new HoldfastError('INTERNAL', 'There is no server in front');
    return rendered(state, front, (app) => {
      const found = this.#portsOf(app, state);
      ports.set(app, found);
      return found;
    });
  }

  #portsOf(name: string, state: DesiredState): readonly number[] {
    const stored = state.apps[name];
    if (!stored || stored.stopped) return [];
    const instances = this.#options.app(name)?.instances ?? [];
    const works = instances.filter(({ phase, draining }) => phase === 'ready' && !draining);
    // Those from behind the edge have such a port, too.
    if (!hasGuest(stored.plan)) return works.flatMap((one) => portOf(one) ?? []);
    const ports = state.frontPorts[name] ?? [];
    const slots = Array.from({ length: stored.plan.instances }, (_, slot) => slot);
    // A wish that is only looked at has no consequences, and is looked at as it will be when all of it runs.
    if (state !== this.#options.state()) return slots.flatMap((slot) => ports[slot] ?? []);
    const views = slots
      .filter((slot) => !stored.idle.includes(slot))
      .map((slot) => ({
        slot,
        ready: works.some((one) => one.slot === slot && one.running?.record.lease.front === ports[slot]),
        failed: instances.some((one) => one.slot === slot && one.phase === 'failed'),
      }));
    const { clock } = this.#options;
    const now = clock.now();
    const listing = listed(views, this.#listings.get(name), now);
    this.#listings.set(name, listing);
    if (listing.againAt !== null) this.#laterUnlessSoon(listing.againAt - now);
    return listing.slots.flatMap((slot) => ports[slot] ?? []);
  }

  async #quiet(port: number, timeoutMs: number): Promise<void> {
    const { clock } = this.#options;
    const end = clock.now() + timeoutMs;
    const enough = (this.#options.state().front?.file ?? null) === null ? QUIET_LOOKS : SYSTEM_QUIET_LOOKS;
    for (let looks = 0; looks < enough && clock.now() < end; ) {
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
      const connected = isConnected(port);
      if (connected === null) {
        const pause = Math.min(UNSEEN_MS, Math.max(0, end - clock.now()));
        return new Promise((resolve) => void clock.after(pause, resolve));
      }
      looks = connected ? 0 : looks + 1;
    }
  }
}

function linesOf({ losses }: Rendered): readonly string[] {
  return lossLines(losses).map((line) => line.replace(/^- /, ''));
}

/** Where requests reach an instance from outside of it; null = nowhere. */
function portOf({ running }: Instance): number | null {
  const { front, port = null } = running?.record.lease ?? {};
  return front ?? port;
}

/** Where passwords cannot be checked, nobody or everybody gets in. */
function refuseUnguarded({ losses }: Rendered, title: string): void {
  const loss = losses.find(({ setting }) => setting.endsWith('.auth'));
  if (!loss) return;
  throw new HoldfastError(
    'EXPORT_REFUSED',
    `${title} cannot stand in front of "${loss.setting}": ${loss.text}`,
    {
      hint: 'Leave out `front`, or check the passwords in the app',
    },
  );
}
