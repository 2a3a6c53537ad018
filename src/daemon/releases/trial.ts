/** Asks the instances on trial how they are: their health, and the paths that the release must answer. */
import type { Plan, Probe } from '../../config/plan.ts';
import type { Clock } from '../../kit/clock.ts';
import type { OutputLine } from '../../protocol/api.ts';
import type { Instance } from '../../supervisor/instance.ts';
import { type Place, type Problem, probeHttp } from '../probe.ts';
import { FailedStep, printedOutput } from './failed-step.ts';
import { baseName } from './next-name.ts';
import { smokedApps } from './stages.ts';

export interface TrialOptions {
  readonly clock: Clock;
  readonly prober: { ask(instance: Instance, probe: Probe, timeoutMs: number): Promise<Problem> };
  lastLines(key: string): readonly OutputLine[];
}

const SMOKE_TIMEOUT_MS = 10_000;
/** A probe that fails is asked again, as often as it may fail in a row, but not as seldom as of one that has been well for days. */
const LONGEST_PAUSE_MS = 1000;

/** @throws FailedStep with what is wrong, and the last output */
export async function tryOut(
  plan: Plan,
  instances: readonly Instance[],
  options: TrialOptions,
): Promise<string> {
  for (const instance of instances) await askHealth(instance, options);
  for (const path of plan.release.smoke) {
    const asked = smokedApps(
      plan,
      instances.map(({ plan: { name } }) => baseName(name)),
      path,
    );
    for (const instance of instances) {
      if (asked.includes(baseName(instance.plan.name))) await askPath(instance, path, options);
    }
  }
  const count = plan.release.smoke.length;
  const paths = count === 0 ? '' : `, ${count} ${count === 1 ? 'path' : 'paths'} answered well`;
  return `${instances.map(({ plan: { name } }) => baseName(name)).join(', ')} ready${paths}`;
}

async function askHealth(instance: Instance, options: TrialOptions): Promise<void> {
  const { health } = instance.plan;
  if (!health) return;
  let problem: Problem = null;
  for (let attempt = 0; attempt < health.failures; attempt++) {
    if (attempt > 0) await pause(options.clock, Math.min(health.everyMs, LONGEST_PAUSE_MS));
    problem = await options.prober.ask(instance, health.probe, health.timeoutMs);
    if (problem === null) return;
  }
  refuse(instance, `is not well: ${problem}`, options);
}

/** At the socket, or the port, where the edge would ask it. */
async function askPath(instance: Instance, path: string, options: TrialOptions): Promise<void> {
  const place = placeOf(instance);
  const problem = place ? await probeHttp(place, path, SMOKE_TIMEOUT_MS) : 'it does not listen';
  if (problem !== null) refuse(instance, `failed its smoke test: ${problem}`, options);
}

function placeOf({ running }: Instance): Place | null {
  const lease = running?.record.lease;
  if (lease?.socket) return { kind: 'socket', path: lease.socket, tls: false };
  const port = lease?.port ?? lease?.front ?? null;
  return port === null ? null : { kind: 'port', port, tls: false };
}

function refuse(instance: Instance, what: string, { lastLines }: TrialOptions): never {
  throw new FailedStep(`${baseName(instance.plan.name)} ${what}`, printedOutput(lastLines(instance.key)));
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
