/** What outlives this process: the wish, what has happened, and the sockets and pipes that the holder has copies of. */
import { Crashes } from '../crashes.ts';
import { Doors } from '../doors.ts';
import { Holder, type Inheritance } from '../holder.ts';
import { Journal } from '../journal.ts';
import { Outputs } from '../outputs.ts';
import { Presence } from '../presence.ts';
import { reportsDir } from '../reports.ts';
import { DesiredStore, RecordStore } from '../state.ts';
import type { Basis } from './basis.ts';

export interface Kept {
  readonly journal: Journal;
  readonly store: DesiredStore;
  readonly records: RecordStore;
  readonly crashes: Crashes;
  readonly doors: Doors;
  readonly outputs: Outputs;
  readonly presence: Presence;
  readonly holder: Holder;
}

export interface KeptOptions extends Basis {
  /** What the holder kept while there was no daemon. */
  readonly held: Inheritance;
  /** The wish was changed. */
  onEdit(): void;
  /** The command line of the daemon that comes after this one. */
  successor(): readonly string[];
}

export function makeKept({ paths, clock, held, onEdit, successor }: KeptOptions): Kept {
  const journal: Journal = new Journal(`${paths.state}/journal.ndjson`, clock);
  const store: DesiredStore = new DesiredStore({
    dir: paths.state,
    clock,
    onUnsaved: (error) => journal.record('state.unsaved', { reason: error.message }),
    onEdit,
  });
  const records: RecordStore = new RecordStore(paths.state);
  const crashes: Crashes = new Crashes(`${paths.state}/crashes`, reportsDir(paths));
  const doors: Doors = new Doors(held.doors, () => holder.refresh());
  const outputs: Outputs = new Outputs({
    logDir: paths.logs,
    runDir: paths.run,
    stateDir: paths.state,
    clock,
    onLost: (app, lines, path, reason) =>
      journal.record('logs.lost', {
        app,
        ...(reason !== null && { reason }),
        data: { lines, ...(path !== null && { file: path }) },
      }),
    onDropped: (app, lines) => journal.record('logs.dropped', { app, data: { lines } }),
    onUnforwarded: (app, lines, to, reason) =>
      journal.record('logs.unforwarded', { app, reason, data: { lines, to } }),
    onChange: () => holder.refresh(),
  });
  const presence: Presence = new Presence(paths.alive);
  const holder: Holder = new Holder({
    clock,
    daemon: successor,
    predecessor: held.holder,
    delayS: restartDelayS(journal),
    pidFile: paths.holderPid,
    doors: () => doors.all,
    pipes: () => outputs.paths,
    presence: presence.fd,
    rescue: paths.launcher,
  });
  return { journal, store, records, crashes, doors, outputs, presence, holder };
}

/** Daemons that die one after the other come back slower and slower. */
function restartDelayS(journal: Journal): number {
  const since = new Date(Date.now() - 60_000).toISOString();
  const recent = journal.tail(50, ({ type, time }) => type === 'daemon.started' && time > since).length;
  return recent < 3 ? 0 : Math.min(30, 2 ** (recent - 3));
}
