/** Starts a process for an instance: pipes, inherited sockets, environment, command line, and what its user may use. */

import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, fchownSync, realpathSync } from 'node:fs';
import type { AppPlan } from '../config/plan.ts';
import { findInPath } from '../config/programs.ts';
import { isSystemError } from '../errors.ts';
import type { Clock } from '../kit/clock.ts';
import { identityOf } from '../launch/identity.ts';
import type { Machine } from '../launch/machine.ts';
import { nodeOf } from '../launch/node.ts';
import { restrictsNet } from '../launch/permissions.ts';
import { requireRights } from '../launch/rights.ts';
import { readSecrets } from '../launch/secrets.ts';
import { isForSlot, slotPort } from '../launch/slot-port.ts';
import { launchSpec } from '../launch/spec.ts';
import { closeChildEnds } from '../logs/pipes.ts';
import type { HomePaths } from '../protocol/home.ts';
import { type DoorOffer, GUEST_ENV, type GuestOrders } from '../protocol/link.ts';
import type { Launcher, LaunchRequest } from '../supervisor/instance.ts';
import {
  describeSpawnError,
  type Lease,
  type Running,
  type SpawnSpec,
  spawnProcess,
} from '../supervisor/process.ts';
import { variablesFor } from '../vault/for-app.ts';
import type { Annex, Annexes } from './annexes.ts';
import type { Cgroups } from './cgroups.ts';
import type { Address, Door, OfferedHandle } from './doors.ts';
import { isOwn } from './egress-app.ts';
import { freePort, leaseFor, releaseLease } from './lease.ts';
import type { Outputs } from './outputs.ts';
import { strangerIn, writePidFile } from './pid-file.ts';
import { reportsDir } from './reports.ts';
import { openStdin } from './stdin.ts';
import { vitalOrders } from './vital-orders.ts';
import type { Vitals } from './vitals.ts';

export interface LauncherOptions {
  readonly clock: Clock;
  readonly paths: HomePaths;
  /** Absolute path of the guest's file. */
  readonly guest: string;
  readonly machine: Machine;
  readonly outputs: Outputs;
  readonly annexes: Annexes;
  readonly cgroups: Cgroups;
  readonly vitals: Pick<Vitals, 'notifyEnv'>;
  /** The variables by which it finds the egress proxy, if it is to use one. */
  egressEnv(plan: AppPlan): Readonly<Record<string, string>>;
  isRouted(app: string): boolean;
  /** Where the server in front reaches the slots of an app that has doors for it; null: it reaches the edge. */
  frontPorts(plan: AppPlan): readonly number[] | null;
  doorsOf(app: string): readonly Door[];
  /** A process offers a copy of a socket that it listens on. */
  onOffer(app: string, address: Address, handle: OfferedHandle): void;
  /** It is started although something that the plan asks for cannot be had. */
  onUnavailable(app: string, instance: string, reason: string): void;
}

/** Routed apps that were given no port still want to see one in `PORT`. */
const DEFAULT_PORT = 3000;
const FIRST_DOOR_FD = 3;
/** What shells and init systems give; the daemon's own is stricter, and would make all that an app writes unreadable for others. */
const APP_UMASK = 0o022;

export function createLauncher(options: LauncherOptions): Launcher {
  // Said once for an instance, not at each of its restarts.
  const told = new Map<string, Set<string>>();
  const onUnavailable: LauncherOptions['onUnavailable'] = (app, instance, reason) => {
    const reasons = told.get(instance) ?? new Set();
    if (reasons.has(reason)) return;
    told.set(instance, reasons.add(reason));
    options.onUnavailable(app, instance, reason);
  };
  return { launch: (request) => new Launch(request, { ...options, onUnavailable }).run() };
}

/** One start. What it opens for the process is closed at its end, what it makes is taken back when it fails. */
class Launch {
  readonly #request: LaunchRequest;
  readonly #options: LauncherOptions;
  readonly #id: string;
  /** Such as `web.0.3`. */
  readonly #name: string;
  /** See `Vitals.notifyEnv`. */
  #notify: Readonly<Record<string, string>> = {};

  constructor(request: LaunchRequest, options: LauncherOptions) {
    const { plan, slot, serial } = request;
    this.#request = request;
    this.#options = options;
    this.#id = `${plan.name}.${slot}`;
    this.#name = `${this.#id}.${serial}`;
  }

  async run(): Promise<Running> {
    const { plan, slot, serial } = this.#request;
    const { outputs, machine } = this.#options;
    requireRights(plan, machine, plan.guest ? this.#options.guest : null);
    this.#checkNet();
    const secrets = {
      ...readSecrets(plan.secrets, identityOf(plan.rights, machine)),
      ...variablesFor(this.#options.paths.home, plan),
    };
    const { pipes, ends } = await outputs.create(plan, slot, `${this.#id}#${serial}`);
    const opened = [ends.out, ends.err];
    let lease: Lease | null = null;
    let cgroup: string | null = null;
    try {
      const annex = await this.#annex();
      const routed = this.#options.isRouted(plan.name);
      cgroup = this.#confine();
      const port = routed && !(plan.guest && plan.command.node) ? await freePort() : null;
      const ports = routed ? this.#options.frontPorts(plan) : null;
      const front = ports && (port ?? ports[slot] ?? null);
      lease = leaseFor(this.#request, this.#options.paths, { pipes, routed, port, front, annex, cgroup });
      this.#checkPidFile(lease);
      const runDir = annex?.own ?? this.#options.paths.run;
      this.#notify = await this.#options.vitals.notifyEnv(plan, `${this.#id}#${serial}`, runDir);
      const stdin = lease.stdin === undefined ? 'ignore' : await openStdin(lease.stdin);
      if (stdin !== 'ignore') opened.push(stdin);
      // So that it may open /dev/stdout.
      if (annex) for (const fd of opened) fchownSync(fd, annex.uid, -1);
      return await this.#spawn(lease, annex, secrets, [stdin, ends.out, ends.err]);
    } catch (error) {
      if (lease) releaseLease(lease, this.#options.cgroups, true);
      else if (cgroup !== null) this.#options.cgroups.close(cgroup, true);
      if (!isSystemError(error)) throw error;
      throw new Error(describeSpawnError(error, plan.command.file, plan.cwd));
    } finally {
      closeChildEnds(ends);
      for (const fd of opened.slice(2)) closeSync(fd);
    }
  }

  async #spawn(
    lease: Lease,
    annex: Annex | null,
    secrets: Readonly<Record<string, string>>,
    stdio: readonly ('ignore' | number)[],
  ): Promise<Running> {
    const { plan, slot, serial } = this.#request;
    const { clock, onOffer } = this.#options;
    const ofSlots = this.#options.frontPorts(plan) ?? [];
    const doors = this.#options
      .doorsOf(plan.name)
      .filter(({ port }) => port === lease.front || (isForSlot(plan, slot, port) && !ofSlots.includes(port)));
    const offers = lease.guest;
    const spec: SpawnSpec = {
      ...this.#spec(lease, annex, doors, secrets),
      stdio: [...stdio, ...doors.map(({ fd }) => fd), ...(offers ? (['ipc'] as const) : [])],
    };
    const starting = withUmask(APP_UMASK, () =>
      spawnProcess(spec, serial, lease, clock, (child) => {
        if (offers) listenForOffers(child, (address, handle) => onOffer(plan.name, address, handle));
      }),
    );
    const running = await starting;
    this.#writePid(lease, running.record.pid);
    return running;
  }

  #spec(
    lease: Lease,
    annex: Annex | null,
    doors: readonly Door[],
    secrets: Readonly<Record<string, string>>,
  ): Omit<SpawnSpec, 'stdio'> {
    const { plan, slot } = this.#request;
    const { machine, guest } = this.#options;
    const orders =
      lease.guest || (isOwn(plan.name) && plan.command.node) ? this.#orders(lease, annex, doors) : null;
    const told = secrets.PORT ?? plan.env.PORT ?? plan.baseEnv.PORT;
    const spec = launchSpec({
      plan,
      machine,
      secrets,
      port:
        lease.port ??
        slotPort(plan, slot) ??
        (told ? null : (lease.front ?? (lease.socket === null ? null : DEFAULT_PORT))),
      names: {
        ...this.#names(),
        ...this.#notify,
        ...this.#options.egressEnv(plan),
        ...(orders && { [GUEST_ENV]: JSON.stringify(orders) }),
      },
      preload: lease.guest ? guest : null,
      preloadPaths: preloadPaths(orders),
      realCwd: realpathSync(plan.cwd),
      cgroup: lease.cgroup ?? null,
    });
    checkProgram(
      spec.file,
      plan.command.node ? nodeOf(plan, machine).path : plan.command.file,
      spec.env.PATH,
    );
    return spec;
  }

  #orders(lease: Lease, annex: Annex | null, doors: readonly Door[]): GuestOrders {
    const { plan, slot, serial } = this.#request;
    const { paths } = this.#options;
    return {
      link: annex?.link ?? paths.link,
      instance: this.#id,
      serial,
      socket: lease.ownSocket ?? lease.socket,
      front: lease.guest ? (lease.front ?? null) : null,
      port: slotPort(plan, slot),
      doors: doors.map(({ host, port }, index) => ({ host, port, fd: FIRST_DOOR_FD + index })),
      offer: lease.guest,
      exitNote: lease.exitNote ?? null,
      ...vitalOrders(plan, this.#name, {
        runDir: annex?.own ?? paths.run,
        reportsDir: annex?.reports ?? reportsDir(paths),
      }),
    };
  }

  /** Who it is, for the app; and for strays.ts, which finds processes by these. */
  #names(): Record<string, string> {
    const { plan, slot, serial } = this.#request;
    return {
      HOLDFAST_HOME: this.#options.paths.home,
      HOLDFAST_APP: plan.name,
      HOLDFAST_INSTANCE: String(slot),
      HOLDFAST_SERIAL: String(serial),
      NODE_APP_INSTANCE: String(slot),
      ...(plan.release !== null && { HOLDFAST_RELEASE: plan.release }),
    };
  }

  #annex(): Promise<Annex> | null {
    const { machine, annexes } = this.#options;
    const account = identityOf(this.#request.plan.rights, machine)?.account;
    return account ? annexes.open(account.uid) : null;
  }

  #confine(): string | null {
    const { dir, missing } = this.#options.cgroups.open(this.#request.plan, this.#name);
    for (const reason of missing) this.#unavailable(reason);
    return dir;
  }

  /** A file that names a process of somebody else was put into the configuration by mistake. */
  #checkPidFile({ pidFile }: Lease): void {
    if (pidFile === undefined) return;
    const { plan } = this.#request;
    const { paths } = this.#options;
    const mine = [`HOLDFAST_HOME=${paths.home}`, `HOLDFAST_APP=${plan.name}`];
    const stranger = strangerIn(pidFile, (env) => mine.every((entry) => env.split('\0').includes(entry)));
    if (!stranger) return;
    throw new Error(
      `cannot start "${plan.name}": its pidFile "${pidFile}" is in use by ${stranger.name} (pid ${stranger.pid})`,
    );
  }

  #writePid({ pidFile }: Lease, pid: number): void {
    if (pidFile === undefined) return;
    try {
      writePidFile(pidFile, pid);
    } catch (error) {
      this.#unavailable(`pidFile is not written: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #checkNet(): void {
    const { plan } = this.#request;
    const { permissions } = plan.rights;
    const { version } = nodeOf(plan, this.#options.machine);
    if (!permissions || permissions.net || restrictsNet(version)) return;
    this.#unavailable(`permissions.net is not kept: Node ${version} cannot do that, Node 25 and newer can`);
  }

  #unavailable(reason: string): void {
    this.#options.onUnavailable(this.#request.plan.name, this.#id, reason);
  }
}

/** The process is forked before this returns. */
function withUmask<T>(mask: number, spawn: () => T): T {
  const own = process.umask(mask);
  try {
    return spawn();
  } finally {
    process.umask(own);
  }
}

/** What the guest itself does with files, which Node's permission model must allow. */
function preloadPaths(orders: GuestOrders | null): { read: string[]; write: string[] } {
  if (!orders) return { read: [], write: [] };
  const sockets = [orders.socket, orders.probe?.path].flatMap((path) => path ?? []);
  const reports = orders.reports === null ? [] : [`${orders.reports}/*`];
  const note = orders.exitNote === null ? [] : [orders.exitNote];
  return { read: [orders.link, ...sockets, ...reports], write: [...sockets, ...reports, ...note] };
}

/** When other programs come before it, spawn(2) does not tell that it is missing. */
function checkProgram(first: string, program: string, path: string | undefined): void {
  if (first === program) return;
  const found = program.includes('/') ? existsSync(program) : findInPath(program, path) !== undefined;
  if (!found) throw Object.assign(new Error(`spawn ${program} ENOENT`), { code: 'ENOENT' });
}

function listenForOffers(
  child: ChildProcess,
  onOffer: (address: Address, handle: OfferedHandle) => void,
): void {
  const events: NodeJS.EventEmitter = child;
  events.on('internalMessage', (message: Partial<DoorOffer>, handle: OfferedHandle | undefined) => {
    if (message.cmd !== 'NODE_HOLDFAST_DOOR' || !handle || typeof message.port !== 'number') return;
    onOffer({ host: message.host ?? null, port: message.port }, handle);
  });
}
