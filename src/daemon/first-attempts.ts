/** When a machine may count as booted: every app runs, or has had its first chance. */
import type { Clock } from '../kit/clock.ts';
import type { Instance, InstanceSnapshot } from '../supervisor/instance.ts';

/** The part of the supervisor that is looked at. */
interface Supervised {
  readonly apps: readonly SupervisedApp[];
  until(condition: () => boolean): Promise<void>;
}

interface SupervisedApp {
  readonly name: string;
  readonly desired: { readonly wanted: number };
  readonly isSettled: boolean;
  readonly instances: readonly Pick<Instance, 'id' | 'serial' | 'phase'>[];
}

/** Nothing else of the machine should wait for an app that takes longer. */
const LONGEST_MS = 120_000;

/** What other daemons left. */
interface Earlier {
  readonly instances: readonly {
    readonly app: string;
    readonly snapshot: Pick<InstanceSnapshot, 'slot' | 'serial'>;
  }[];
  /** The highest serial of each app. */
  readonly serials: Readonly<Record<string, number>>;
}

/** Resolves with what is to be said of it, such as `3 of 4 apps running`. */
export async function firstAttempts(
  supervisor: Supervised,
  { instances, serials }: Earlier,
  clock: Clock,
): Promise<string> {
  const own = new Map(instances.map(({ app, snapshot }) => [`${app}.${snapshot.slot}`, snapshot.serial]));
  const before = (app: string, id: string) => own.get(id) ?? serials[app] ?? 0;

  let cancel = (): void => undefined;
  let isLongEnough = false;
  const longest = new Promise<void>((resolve) => {
    cancel = clock.after(LONGEST_MS, () => {
      // So that the supervisor has nobody left to ask.
      isLongEnough = true;
      resolve();
    });
  });
  await Promise.race([
    supervisor.until(() => isLongEnough || supervisor.apps.every((app) => hasHadItsChance(app, before))),
    longest,
  ]);
  cancel();
  const wanted = supervisor.apps.filter(({ desired }) => desired.wanted > 0);
  if (wanted.length === 0) return 'no apps to run';
  const running = wanted.filter(({ isSettled }) => isSettled).length;
  return `${running} of ${wanted.length} apps running`;
}

/** What it went through under an earlier daemon, up to the serial `before`, does not count. */
function hasHadItsChance(app: SupervisedApp, before: (app: string, id: string) => number): boolean {
  return (
    app.isSettled ||
    app.instances.some(({ id, serial, phase }) => {
      const attempts = serial - before(app.name, id);
      return (
        phase === 'failed' || phase === 'done' || attempts > 1 || (attempts === 1 && phase === 'backoff')
      );
    })
  );
}
