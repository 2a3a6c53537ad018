/** Start order: an app waits for those that it is `after`. */
import type { App } from './app.ts';
import { isFailure } from './exit.ts';

/** Why an app may not start yet. */
export interface Blocker {
  /** The app that is waited for. */
  readonly app: string;
  /** How it is, in words that continue "waits for db, which …". */
  readonly state: string;
  /** It will not get ready without help, as far as one can tell now. */
  readonly hopeless: boolean;
}

/** The first of those that must be ready before, and is not; null when there is none. */
export function blockerOf(
  after: readonly string[],
  find: (name: string) => App | undefined,
  seen: readonly string[] = [],
): Blocker | null {
  for (const name of after) {
    const state = stateOf(find(name), find, [...seen, name]);
    if (state) return { app: name, ...state };
  }
  return null;
}

/** null when others may count on it. */
function stateOf(
  app: App | undefined,
  find: (name: string) => App | undefined,
  seen: readonly string[],
): Omit<Blocker, 'app'> | null {
  if (!app) return { state: 'does not exist', hopeless: true };
  const { current } = app;
  if (app.desired.wanted === 0) return { state: 'is stopped', hopeless: true };
  if (current.some(({ phase, draining }) => phase === 'ready' && !draining)) return null;
  if (current.length > 0 && current.every(({ phase }) => phase === 'done')) return ofEnded(app);
  const waitsFor = blockerOf(
    app.desired.plan.after.filter((name) => !seen.includes(name)),
    find,
    seen,
  );
  if (current.length === 0 && waitsFor) {
    return { state: `waits for ${waitsFor.app}, which ${waitsFor.state}`, hopeless: waitsFor.hopeless };
  }
  const failed = current.find(({ phase }) => phase === 'failed');
  if (failed) return { state: `has failed: ${failed.machine.reason}`, hopeless: true };
  const ill = current.find(({ machine }) => machine.crashesInARow > 0);
  // The first crash is answered at once, and may have been the last.
  if (ill)
    return {
      state: `is not ready: ${ill.machine.reason ?? 'it has crashed'}`,
      hopeless: ill.machine.crashesInARow > 1,
    };
  return { state: 'is not ready yet', hopeless: false };
}

/** One that has done its work, such as a migration, is as good as one that runs. */
function ofEnded({ desired, current }: App): Omit<Blocker, 'app'> | null {
  const exits = current.flatMap(({ lastExit }) => lastExit ?? []);
  const { stopCodes } = desired.plan.restart;
  const ill = current.find(
    ({ lastExit }) =>
      lastExit !== null &&
      isFailure(lastExit) &&
      !(lastExit.code !== null && stopCodes.includes(lastExit.code)),
  );
  if (ill) return { state: `has failed: ${ill.machine.reason}`, hopeless: true };
  if (exits.length > 0) return null;
  // A job that has not run yet.
  return { state: 'has not run yet', hopeless: false };
}
