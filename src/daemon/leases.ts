/** What the instances have been given, over the life of the daemon: taken over from the one before, taken back from those that end. */
import { oomKills } from '../kit/cgroup.ts';
import type { Clock } from '../kit/clock.ts';
import { isAlive } from '../kit/proc.ts';
import type { HomePaths } from '../protocol/home.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { ProcessRecord } from '../supervisor/process.ts';
import { Annexes, publishSocket } from './annexes.ts';
import { Cgroups } from './cgroups.ts';
import { forgetExit, releaseLease } from './lease.ts';

export interface LeasesOptions {
  readonly paths: HomePaths;
  readonly clock: Clock;
  /** Makes the link socket for the processes of a user. */
  listen(path: string, uid: number): Promise<void>;
}

export class Leases {
  readonly annexes: Annexes;
  readonly cgroups: Cgroups;
  readonly #outOfMemory = new Set<string>();

  constructor({ paths, clock, listen }: LeasesOptions) {
    this.annexes = new Annexes(paths.home, listen);
    this.cgroups = new Cgroups({ home: paths.home, clock });
  }

  /** Is there for the processes that an earlier daemon started, and takes back what those had that died without one. */
  async resume(processes: readonly ProcessRecord[]): Promise<void> {
    const alive = processes.filter(isAlive);
    const uids = new Set(alive.flatMap(({ lease }) => lease.uid ?? []));
    // When that is no longer possible they go on without us, which is better than that all have no daemon.
    for (const uid of uids) await this.annexes.open(uid).catch(() => undefined);
    for (const record of processes) {
      if (!alive.includes(record)) releaseLease(record.lease, this.cgroups, false, record);
    }
    this.cgroups.sweep(new Set(alive.flatMap(({ lease }) => lease.cgroup ?? [])));
  }

  /** It listens on its own socket, which is to be known under the public name. */
  publish({ running }: Instance): void {
    const { uid, socket, ownSocket } = running?.record.lease ?? {};
    if (uid !== undefined && socket && ownSocket !== undefined) publishSocket(ownSocket, socket, uid);
  }

  /** It has ended. */
  release(record: ProcessRecord, { plan }: Instance): void {
    const { cgroup } = record.lease;
    if (cgroup !== undefined && oomKills(cgroup) > 0) this.#outOfMemory.add(keyOf(record));
    releaseLease(record.lease, this.cgroups, plan.stop.ends === 'tree', record);
    forgetExit(record.lease);
  }

  /** Of one that has ended: the kernel had ended it, or a part of it, because it reached its memory limit. Answers once. */
  wasOutOfMemory(record: ProcessRecord): boolean {
    return this.#outOfMemory.delete(keyOf(record));
  }

  /** Nothing runs any more. */
  close(): void {
    this.annexes.close();
    this.cgroups.sweep(new Set());
  }
}

function keyOf({ pid, startTime }: ProcessRecord): string {
  return `${pid} ${startTime}`;
}
