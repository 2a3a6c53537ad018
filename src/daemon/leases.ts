/** What the instances have been given, over the life of the daemon: taken over from the one before, taken back from those that end. */
import { oomKills } from '../kit/cgroup.ts';
import type { Clock } from '../kit/clock.ts';
import type { HomePaths } from '../protocol/home.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { ProcessRecord } from '../supervisor/process.ts';
import { Annexes, publishSocket } from './annexes.ts';
import { Cgroups } from './cgroups.ts';
import { releaseLease } from './lease.ts';

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

  /** Is there for the processes that an earlier daemon started, and removes what it could not take back. */
  async resume(processes: readonly ProcessRecord[]): Promise<void> {
    const uids = new Set(processes.flatMap(({ lease }) => lease.uid ?? []));
    for (const uid of uids) await this.annexes.open(uid);
    this.cgroups.sweep(new Set(processes.flatMap(({ lease }) => lease.cgroup ?? [])));
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
