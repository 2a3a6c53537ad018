/** Lets hosts do what the rollout says, until nothing is left to do. */
import {
  begin,
  finish,
  nextActions,
  type Rollout,
  type RolloutAction,
  type RolloutResult,
} from './rollout.ts';

/**
 * @param act never rejects: what fails is its result
 * @param signal nothing is begun any more
 */
export async function drive(
  start: Rollout,
  act: (action: RolloutAction) => Promise<RolloutResult>,
  signal: AbortSignal,
): Promise<Rollout> {
  const running = new Map<string, Promise<RolloutResult>>();
  let rollout = start;
  for (;;) {
    for (const action of signal.aborted ? [] : nextActions(rollout)) {
      rollout = begin(rollout, action);
      running.set(action.host, act(action));
    }
    if (running.size === 0) return rollout;
    const result = await Promise.race(running.values());
    running.delete(result.host);
    rollout = finish(rollout, result);
  }
}
