/** When a machine may count as booted: every app runs, or has had its first chance. */
import type { Clock } from '../kit/clock.ts';
import type { Instance } from '../supervisor/instance.ts';

/** The part of the supervisor that is looked at. */
interface Supervised {
  readonly apps: readonly SupervisedApp[];
  until(condition: () => boolean): Promise<void>;
}

interface SupervisedApp {
  readonly desired: { readonly wanted: number };
  readonly isSettled: boolean;
  readonly instances: readonly Pick<Instance, 'lastExit' | 'restarts' | 'phase'>[];
}

/** Nothing else of the machine should wait for an app that takes longer. */
const LONGEST_MS = 120_000;

/** Resolves with what is to be said of it, such as `3 of 4 apps running`. */
export async function firstAttempts(supervisor: Supervised, clock: Clock): Promise<string> {
  let cancel = (): void => undefined;
  const longest = new Promise<void>((resolve) => {
    cancel = clock.after(LONGEST_MS, resolve);
  });
  await Promise.race([supervisor.until(() => supervisor.apps.every(hasHadItsChance)), longest]);
  cancel();
  const wanted = supervisor.apps.filter(({ desired }) => desired.wanted > 0);
  if (wanted.length === 0) return 'no apps to run';
  const running = wanted.filter(({ isSettled }) => isSettled).length;
  return `${running} of ${wanted.length} apps running`;
}

function hasHadItsChance(app: SupervisedApp): boolean {
  return (
    app.isSettled ||
    app.instances.some(
      ({ lastExit, restarts, phase }) =>
        lastExit !== null || restarts > 0 || phase === 'backoff' || phase === 'failed',
    )
  );
}
