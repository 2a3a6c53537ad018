/** Starts a process for an instance: pipes, inherited sockets, environment, command line. */

import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import net from 'node:net';
import { dirname } from 'node:path';
import type { Clock } from '../kit/clock.ts';
import { closeChildEnds, type PipePair } from '../logs/pipes.ts';
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
import type { Address, Door } from './doors.ts';
import { EDGE } from './edge-app.ts';
import { instanceSocket } from './instance-socket.ts';
import type { Outputs } from './outputs.ts';
import { reportsDir } from './reports.ts';
import { vitalOrders } from './vital-orders.ts';

export interface LauncherOptions {
  readonly clock: Clock;
  readonly paths: HomePaths;
  /** Absolute path of the guest's file. */
  readonly guest: string;
  readonly outputs: Outputs;
  isRouted(app: string): boolean;
  doorsOf(app: string): readonly Door[];
  /** A process offers a copy of a socket that it listens on. */
  onOffer(app: string, address: Address, handle: { readonly fd: number; close(): void }): void;
}

/** Routed apps that were given no port still want to see one in `PORT`. */
const DEFAULT_PORT = 3000;
const FIRST_DOOR_FD = 3;

export function createLauncher(options: LauncherOptions): Launcher {
  return { launch: (request) => launch(request, options) };
}

async function launch(request: LaunchRequest, options: LauncherOptions): Promise<Running> {
  const { plan, slot, serial } = request;
  const id = `${plan.name}.${slot}`;
  const key = `${id}#${serial}`;
  const { outputs, clock } = options;
  const { pipes, ends } = await outputs.create(plan.name, id, key, plan.log);
  try {
    const lease = await leaseFor(request, pipes, options);
    if (lease.socket) rmSync(lease.socket, { force: true });
    const doors = options.doorsOf(plan.name);
    const offers = lease.guest;
    const spec = specOf(request, lease, doors, [ends.out, ends.err], offers, options);
    return await spawnProcess(spec, serial, lease, clock, (child) => {
      if (offers) listenForOffers(child, (address, handle) => options.onOffer(plan.name, address, handle));
    });
  } catch (error) {
    throw new Error(describeSpawnError(error, plan.command.file, plan.cwd));
  } finally {
    closeChildEnds(ends);
  }
}

async function leaseFor(request: LaunchRequest, pipes: PipePair, options: LauncherOptions): Promise<Lease> {
  const { plan, slot, serial } = request;
  const guest = plan.guest && plan.command.node;
  const routed = options.isRouted(plan.name);
  const socket = routed && guest ? instanceSocket(options.paths, plan.name, slot, serial) : null;
  const port = routed && !guest ? await freePort() : null;
  return { out: pipes.out, err: pipes.err, socket, port, guest };
}

function specOf(
  request: LaunchRequest,
  lease: Lease,
  doors: readonly Door[],
  output: readonly [number, number],
  offers: boolean,
  options: LauncherOptions,
): SpawnSpec {
  const { plan, slot, serial } = request;
  const { command } = plan;
  const env: Record<string, string> = { ...plan.baseEnv, ...plan.env, ...namesFor(request, options.paths) };
  const port = lease.port ?? plan.port ?? (lease.socket && !env.PORT ? DEFAULT_PORT : null);
  if (port !== null) env.PORT = String(port);
  if (lease.guest || plan.name === EDGE) {
    const orders: GuestOrders = {
      link: options.paths.link,
      instance: `${plan.name}.${slot}`,
      serial,
      socket: lease.socket,
      port: plan.port,
      doors: doors.map(({ host, port }, index) => ({ host, port, fd: FIRST_DOOR_FD + index })),
      offer: offers,
      ...vitalOrders(plan, `${plan.name}.${slot}.${serial}`, {
        runDir: dirname(options.paths.link),
        reportsDir: reportsDir(options.paths),
      }),
    };
    env[GUEST_ENV] = JSON.stringify(orders);
  }
  const args = command.args.map((arg) => withPort(arg, env.PORT));
  const preload = lease.guest ? ['--require', options.guest] : [];
  return {
    file: command.node ? process.execPath : command.file,
    args: command.node ? [...preload, ...command.nodeArgs, command.file, ...args] : args,
    cwd: plan.cwd,
    env,
    stdio: ['ignore', ...output, ...doors.map(({ fd }) => fd), ...(offers ? (['ipc'] as const) : [])],
  };
}

/** Who it is, for the app; and for strays.ts, which finds processes by these. */
function namesFor({ plan, slot, serial }: LaunchRequest, paths: HomePaths): Record<string, string> {
  return {
    HOLDFAST_HOME: paths.home,
    HOLDFAST_APP: plan.name,
    HOLDFAST_INSTANCE: String(slot),
    HOLDFAST_SERIAL: String(serial),
    NODE_APP_INSTANCE: String(slot),
  };
}

function withPort(arg: string, port: string | undefined): string {
  return port === undefined ? arg : arg.replaceAll(/\$PORT\b|\$\{PORT\}/g, port);
}

function listenForOffers(
  child: ChildProcess,
  onOffer: (address: Address, handle: { readonly fd: number; close(): void }) => void,
): void {
  const events: NodeJS.EventEmitter = child;
  events.on(
    'internalMessage',
    (message: Partial<DoorOffer>, handle: { fd: number; close(): void } | undefined) => {
      if (message.cmd !== 'NODE_HOLDFAST_DOOR' || !handle || typeof message.port !== 'number') return;
      onOffer({ host: message.host ?? null, port: message.port }, handle);
    },
  );
}

/** A port that was free a moment ago. When it is not any more, the program fails, and gets another at its next start. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
