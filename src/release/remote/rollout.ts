/**
 * What each of several hosts does next, as data: all make the release; then one migrates; then one alone gets the traffic, and when it is
 * well the others do, a batch at a time. After the first failure nobody begins anything, and those that have got it give it back,
 * the last one first.
 */

export type HostPhase =
  /** Nothing was done yet. */
  | 'waiting'
  | 'making'
  | 'made'
  /** Has this very content already. */
  | 'same'
  | 'migrating'
  | 'promoting'
  | 'serving'
  | 'goingBack'
  | 'back'
  /** Still serves the release before, or cannot give the new one back. */
  | 'failed';

export interface Rollout {
  /** In the order in which they change. */
  readonly hosts: readonly { readonly name: string; readonly phase: HostPhase }[];
  readonly batch: number;
  /** The migration is still to be run. */
  readonly migrates: boolean;
  readonly failed: boolean;
  /** Names, in the order in which they got the traffic. */
  readonly served: readonly string[];
}

export type RolloutAction = {
  readonly host: string;
  readonly do: 'make' | 'migrate' | 'promote' | 'goBack';
};

/** How an action went. */
export type RolloutResult =
  | { readonly host: string; readonly is: Exclude<HostPhase, 'waiting'> }
  /** Something around the host has failed (a hook) which is as it says. */
  | { readonly host: string; readonly is: 'serving'; readonly failed: true };

export function startRollout(
  names: readonly string[],
  { batch, migrates, phase = 'waiting' }: { batch: number; migrates: boolean; phase?: 'waiting' | 'made' },
): Rollout {
  return { hosts: names.map((name) => ({ name, phase })), batch, migrates, failed: false, served: [] };
}

/** What is to be begun now; nothing, while nothing is under way, is the end. */
export function nextActions(rollout: Rollout): RolloutAction[] {
  const { hosts, batch, migrates, failed, served } = rollout;
  const inPhase = (...phases: HostPhase[]) => hosts.filter(({ phase }) => phases.includes(phase));
  const busy = inPhase('making', 'migrating', 'promoting', 'goingBack').length;
  if (failed) {
    if (busy > 0) return [];
    const last = [...served].reverse().find((name) => inPhase('serving').some((host) => host.name === name));
    return last === undefined ? [] : [{ host: last, do: 'goBack' }];
  }
  const waiting = inPhase('waiting');
  if (waiting.length > 0) return waiting.map(({ name }) => ({ host: name, do: 'make' }));
  if (inPhase('making', 'migrating').length > 0) return [];
  const made = inPhase('made');
  const [first] = made;
  if (!first) return [];
  if (migrates) return [{ host: first.name, do: 'migrate' }];
  // Nobody follows before the first one has shown that the release is good.
  const most = served.length === 0 ? 1 : batch;
  return made.slice(0, Math.max(0, most - busy)).map(({ name }) => ({ host: name, do: 'promote' }));
}

const begun: Readonly<Record<RolloutAction['do'], HostPhase>> = {
  make: 'making',
  migrate: 'migrating',
  promote: 'promoting',
  goBack: 'goingBack',
};

export function begin(rollout: Rollout, action: RolloutAction): Rollout {
  return put(rollout, action.host, begun[action.do]);
}

export function finish(rollout: Rollout, result: RolloutResult): Rollout {
  const { host, is } = result;
  const before = rollout.hosts.find(({ name }) => name === host)?.phase;
  return {
    ...put(rollout, host, is),
    failed: rollout.failed || is === 'failed' || 'failed' in result,
    migrates: rollout.migrates && before !== 'migrating',
    served: is === 'serving' ? [...rollout.served, host] : rollout.served,
  };
}

function put(rollout: Rollout, host: string, phase: HostPhase): Rollout {
  return {
    ...rollout,
    hosts: rollout.hosts.map((one) => (one.name === host ? { ...one, phase } : one)),
  };
}
