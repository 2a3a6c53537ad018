/** What an instance is given for its life, and that it is taken back. */
import { rmSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import type { PipePair } from '../logs/pipes.ts';
import type { HomePaths } from '../protocol/home.ts';
import type { LaunchRequest } from '../supervisor/instance.ts';
import type { Lease, ProcessRecord } from '../supervisor/process.ts';
import type { Annex } from './annexes.ts';
import type { Cgroups } from './cgroups.ts';
import { instanceSocket } from './instance-socket.ts';
import { pidFileOf, removePidFile } from './pid-file.ts';

export interface LeaseParts {
  readonly pipes: PipePair;
  /** It gets the edge's requests on a socket, or without a guest on this port. */
  readonly routed: boolean;
  readonly port: number | null;
  /** It gets them from the server in front, there. */
  readonly front: number | null;
  /** Of the user that it runs as, when that is not the daemon's. */
  readonly annex: Annex | null;
  readonly cgroup: string | null;
}

/** The same for the same request: that is how a process is found again of which no record was written. */
export function leaseFor(
  { plan, slot, serial }: LaunchRequest,
  paths: HomePaths,
  { pipes, routed, port, front, annex, cgroup }: LeaseParts,
): Lease {
  const name = `${plan.name}.${slot}.${serial}`;
  const guest = plan.guest && plan.command.node;
  const socket =
    routed && guest && front === null
      ? instanceSocket({ run: annex?.dir ?? paths.run }, plan.name, slot, serial)
      : null;
  const pidFile = pidFileOf(plan, slot);
  return {
    out: pipes.out,
    err: pipes.err,
    socket,
    port,
    guest,
    mark: marksOf(paths.home, plan.name, slot, serial),
    ...(annex && { uid: annex.uid }),
    ...(annex && socket && { ownSocket: instanceSocket({ run: annex.own }, plan.name, slot, serial) }),
    ...(plan.stdin && { stdin: join(paths.run, `${name}.in`) }),
    ...(cgroup !== null && { cgroup }),
    ...(pidFile !== null && { pidFile }),
    ...(front !== null && { front }),
    ...(guest && { exitNote: join(annex?.own ?? paths.run, `${name}.exit`) }),
  };
}

/** As the launcher puts them into the environment. */
export function marksOf(home: string, app: string, slot: number, serial: number): string[] {
  return [
    `HOLDFAST_HOME=${home}`,
    `HOLDFAST_APP=${app}`,
    `HOLDFAST_INSTANCE=${slot}`,
    `HOLDFAST_SERIAL=${serial}`,
  ];
}

/**
 * Takes back what a process had, when it has ended or was never started.
 *
 * @param kill end what it left behind in its cgroup
 */
export function releaseLease(lease: Lease, cgroups: Cgroups, kill: boolean, record?: ProcessRecord): void {
  for (const path of [lease.socket, lease.ownSocket, lease.stdin]) if (path) removeQuietly(path);
  if (lease.pidFile !== undefined && record) removePidFile(lease.pidFile, record.pid);
  if (lease.cgroup !== undefined) cgroups.close(lease.cgroup, kill);
}

/** Of a process whose exit was seen. */
export function forgetExit({ exitNote }: Lease): void {
  if (exitNote !== undefined) removeQuietly(exitNote);
}

/** In a directory of a user anything may be in the place of what is to be removed. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A directory, say: it is the user's problem, and gone with the annex.
  }
}

/** A port that was free a moment ago. When it is not any more, the program fails, and gets another at its next start. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
