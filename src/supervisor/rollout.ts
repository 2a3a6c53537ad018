/**
 * From the old instances of an app to the new ones without a gap. Reload, changed settings, a release and its rollback are
 * all this. What it does to the app comes in as small verbs, so the order of things can be read, and tested, here.
 */
import { isFailure } from './exit.ts';
import type { Instance } from './instance.ts';

/**
 * - rolling: the new one is ready and gets work before the old one is retired
 * - restart: the old one ends before the new one starts, for apps of which two cannot run at once
 */
export type RolloutMode = 'rolling' | 'restart';

export interface RolloutSteps {
  readonly mode: RolloutMode;
  /** The next instance to replace. */
  next(): Instance | undefined;
  launch(old: Instance): Instance;
  discard(fresh: Instance): void;
  admit(fresh: Instance): Promise<void>;
  /** The new one takes the slot, the old one drains in the background. */
  promote(old: Instance, fresh: Instance): void;
  /** Ends the old one; the reconciler fills its slot with a new one. */
  remove(old: Instance): Promise<void>;
}

/** @throws RolloutFailure when a new instance does not get ready; the old ones that are left still work */
export async function rollOut(steps: RolloutSteps): Promise<void> {
  if (steps.mode === 'restart') {
    const removals: Promise<void>[] = [];
    const seen = new Set<Instance>();
    for (let old = steps.next(); old && !seen.has(old); old = steps.next()) {
      seen.add(old);
      removals.push(steps.remove(old));
    }
    await Promise.all(removals);
    return;
  }
  for (let old = steps.next(); old; old = steps.next()) {
    // One that does not work has nothing to hand over.
    if (old.phase !== 'ready') {
      await steps.remove(old);
      continue;
    }
    const fresh = steps.launch(old);
    await fresh.until(() => fresh.phase !== 'starting');
    if (fresh.phase !== 'ready' && !endedWell(fresh)) {
      const reason = fresh.machine.condemned ?? fresh.machine.reason ?? `it is ${fresh.phase}`;
      steps.discard(fresh);
      throw new RolloutFailure(fresh, reason);
    }
    await steps.admit(fresh);
    steps.promote(old, fresh);
  }
}

/** It was not meant to run for ever. */
function endedWell({ phase, lastExit }: Instance): boolean {
  return phase === 'done' && lastExit !== null && !isFailure(lastExit);
}

class RolloutFailure extends Error {
  readonly instance: Instance;

  constructor(instance: Instance, reason: string) {
    super(reason);
    this.instance = instance;
  }
}

export function describeFailure(error: unknown): { reason: string; instance: Instance } {
  if (error instanceof RolloutFailure) return { reason: error.message, instance: error.instance };
  throw error;
}
