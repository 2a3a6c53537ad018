/**
 * Instances that run but are in no record: the daemon died, or the disk was full, in the moment between the spawn and the writing.
 * They are found by the environment that the launcher gave them, which their children have, too, and those may outlive them or lead
 * sessions of their own: what counts is who can be the one that a record lacks. Those of apps that are known are adopted like the others; for the
 * rest see orphans.ts. Linux only (/proc).
 */
import { join } from 'node:path';
import type { AppPlan } from '../config/plan.ts';
import { ageMs, environOf, listProcesses, type ProcessStat } from '../kit/proc.ts';
import { identityOf } from '../launch/identity.ts';
import { thisMachine } from '../launch/machine.ts';
import type { PipePair } from '../logs/pipes.ts';
import type { HomePaths } from '../protocol/home.ts';
import type { LaunchRequest } from '../supervisor/instance.ts';
import { initialState, type MachineState } from '../supervisor/machine.ts';
import type { Lease } from '../supervisor/process.ts';
import type { InstanceRecord } from '../supervisor/supervisor.ts';
import { annexOf } from './annexes.ts';
import { EDGE } from './edge-app.ts';
import { leaseFor } from './lease.ts';
import { hasGuest } from './ports.ts';
import type { DesiredState, Records } from './state.ts';

interface Candidate {
  readonly found: ProcessStat;
  readonly env: ReadonlyMap<string, string>;
  readonly app: string;
  readonly slot: number;
  readonly serial: number;
}

/** @param known what the last daemon wrote */
export function findStrays(
  paths: HomePaths,
  state: DesiredState,
  known: Records,
  isRouted: (app: string) => boolean,
): InstanceRecord[] {
  return firstOfEach(candidates(paths.home).filter((one) => isUnrecorded(one, known, state))).map(
    ({ found, env, app, slot, serial }) => {
      const stored = state.apps[app];
      const asked = recordOf({ app, slot, serial }, known)?.snapshot;
      const pipes = pipesOf(paths, `${app}.${slot}.${serial}`);
      const routed = isRouted(app) && app !== EDGE;
      const spawnedAt = Date.now() - ageMs(found);
      return {
        app,
        retiring: false,
        snapshot: {
          slot,
          serial,
          // Of an app that nobody knows it does not matter.
          generation: asked?.generation ?? stored?.generation ?? 0,
          restarts: asked?.restarts ?? 0,
          worn: null,
          machine: { ...(asked?.machine ?? initialState), ...phaseOf(spawnedAt, stored?.plan) },
        },
        process: {
          pid: found.pid,
          startTime: found.startTime,
          serial,
          spawnedAt,
          lease: stored
            ? foundLease({ plan: stored.plan, slot, serial }, paths, routed, env, state)
            : unknownLease(pipes),
        },
      };
    },
  );
}

/** One that was not ready in time would have been ended; a younger one may not be ready yet. */
function phaseOf(spawnedAt: number, plan: AppPlan | undefined): Partial<MachineState> {
  const deadline = spawnedAt + (plan?.readyTimeoutMs ?? 0);
  const running = { wish: 'up', condemned: null, reason: null } as const;
  return deadline > Date.now()
    ? { ...running, phase: 'starting', deadline, startedAt: spawnedAt, readySince: null }
    : { ...running, phase: 'ready', deadline: null, readySince: spawnedAt };
}

/** Every instance leads a session, as a few of their children do. */
function candidates(home: string): Candidate[] {
  return listProcesses().flatMap((found): Candidate[] => {
    if (found.session !== found.pid) return [];
    const env = variablesOf(found.pid);
    if (env.get('HOLDFAST_HOME') !== home) return [];
    const app = env.get('HOLDFAST_APP') ?? '';
    const slot = Number(env.get('HOLDFAST_INSTANCE'));
    const serial = Number(env.get('HOLDFAST_SERIAL'));
    if (app === '' || !Number.isInteger(slot) || !Number.isInteger(serial)) return [];
    return [{ found, env, app, slot, serial }];
  });
}

/**
 * Its process was never written down. A serial that was, or that is lower than one that was, is of an instance that is known or has
 * ended: then this is a child of it.
 */
function isUnrecorded({ app, slot, serial }: Candidate, known: Records, { apps }: DesiredState): boolean {
  const record = recordOf({ app, slot, serial }, known);
  if (record) return record.process === null;
  // Of an app that is not known, nothing is written down.
  return !apps[app] || serial > (known.serials[app] ?? 0);
}

function recordOf(
  { app, slot, serial }: Pick<Candidate, 'app' | 'slot' | 'serial'>,
  { instances }: Records,
): InstanceRecord | undefined {
  return instances.find(
    (record) => record.app === app && record.snapshot.slot === slot && record.snapshot.serial === serial,
  );
}

/** Of those of one instance the oldest: the others are its children. */
function firstOfEach(found: readonly Candidate[]): Candidate[] {
  const byKey = new Map<string, Candidate>();
  for (const one of [...found].sort(byAge)) {
    const key = `${one.app}.${one.slot}#${one.serial}`;
    if (!byKey.has(key)) byKey.set(key, one);
  }
  return [...byKey.values()];
}

/** A child may have begun in the same tick of the clock as its parent. */
function byAge({ found: a }: Candidate, { found: b }: Candidate): number {
  return a.startTime - b.startTime || Number(a.ppid === b.pid) - Number(b.ppid === a.pid) || a.pid - b.pid;
}

function foundLease(
  request: LaunchRequest,
  paths: HomePaths,
  routed: boolean,
  env: ReadonlyMap<string, string>,
  state: DesiredState,
): Lease {
  const { plan, slot, serial } = request;
  const account = identityOf(plan.rights, thisMachine())?.account;
  const port = routed && !hasGuest(plan) ? Number(env.get('PORT')) : null;
  return leaseFor(request, paths, {
    pipes: pipesOf(paths, `${plan.name}.${slot}.${serial}`),
    routed,
    port,
    front: routed && state.front ? (port ?? state.frontPorts[plan.name]?.[slot] ?? null) : null,
    annex: account ? annexOf(paths.home, account.uid) : null,
    cgroup: null,
  });
}

function unknownLease(pipes: PipePair): Lease {
  return { ...pipes, socket: null, port: null, guest: false };
}

function pipesOf({ run }: HomePaths, name: string): PipePair {
  return { out: join(run, `${name}.out`), err: join(run, `${name}.err`) };
}

function variablesOf(pid: number): ReadonlyMap<string, string> {
  return new Map(
    environOf(pid).map((entry): [string, string] => {
      const equals = entry.indexOf('=');
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}
