/** What an earlier daemon has left: its records, and the pipes of its instances. */
import { appDefaults } from '../../config/app-defaults.ts';
import type { HomePaths } from '../../protocol/home.ts';
import type { InstanceRecord } from '../../supervisor/supervisor.ts';
import { routedApps } from '../edge-table.ts';
import type { DesiredState, Records } from '../state.ts';
import { findStrays } from '../strays.ts';
import type { Kept } from './kept.ts';

/** The records, and what runs of which no record was written. */
export function withStrays(paths: HomePaths, state: DesiredState, known: Records): InstanceRecord[] {
  const isRouted = (app: string) => routedApps(state).has(app);
  return [...known.instances, ...findStrays(paths, state, known, isRouted)];
}

/** Also of those that died meanwhile: their last words may still be in the pipes, which the holder kept. */
export function attachOutputs(
  { store, outputs, journal }: Pick<Kept, 'store' | 'outputs' | 'journal'>,
  records: readonly InstanceRecord[],
): void {
  for (const { app, snapshot, process: found } of records) {
    if (!found) continue;
    // Of an app that is no longer known it is still read: a full pipe would stop it.
    const plan = store.state.apps[app]?.plan ?? { ...appDefaults, name: app };
    const id = `${app}.${snapshot.slot}`;
    try {
      outputs.attach(plan, snapshot.slot, `${id}#${found.serial}`, found.lease);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      journal.record('logs.lost', {
        app,
        instance: id,
        reason: `its pipes cannot be opened: ${reason}`,
      });
    }
  }
}
