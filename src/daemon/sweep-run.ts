/** Pipes and sockets of instances that no record knows any more, as after a kill in the middle of a stop: nobody else removes them. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceRecord } from '../supervisor/supervisor.ts';

/** `web.0.3.out`; what has another name is not of an instance. */
const FILE_OF_AN_INSTANCE = /^(.+\.\d+\.\d+)\.(?:out|err|in|sock|probe|notify|exit)$/;

/** To be called before anything is started. */
export function sweepRun(dir: string, records: readonly InstanceRecord[]): void {
  const known = new Set(
    records.flatMap(({ app, snapshot, process }) =>
      process ? [`${app}.${snapshot.slot}.${process.serial}`] : [],
    ),
  );
  for (const name of readdirSync(dir)) {
    const owner = FILE_OF_AN_INSTANCE.exec(name)?.[1];
    if (owner !== undefined && !known.has(owner)) rmSync(join(dir, name), { force: true });
  }
}
