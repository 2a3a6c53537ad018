/**
 * Instances that run but are in no record: the daemon died, or the disk was full, in the moment between the spawn and the writing.
 * They are found by the environment that the launcher gave them. Those of apps that are known are adopted like the others; for the
 * rest see orphans.ts. Linux only (/proc).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listProcesses } from '../kit/proc.ts';
import { identityOf } from '../launch/identity.ts';
import { thisMachine } from '../launch/machine.ts';
import type { PipePair } from '../logs/pipes.ts';
import type { HomePaths } from '../protocol/home.ts';
import type { LaunchRequest } from '../supervisor/instance.ts';
import { initialState } from '../supervisor/machine.ts';
import type { Lease } from '../supervisor/process.ts';
import type { InstanceRecord } from '../supervisor/supervisor.ts';
import { annexOf } from './annexes.ts';
import { EDGE } from './edge-app.ts';
import { leaseFor } from './lease.ts';
import type { DesiredState } from './state.ts';

export function findStrays(
  paths: HomePaths,
  state: DesiredState,
  known: readonly InstanceRecord[],
  isRouted: (app: string) => boolean,
): InstanceRecord[] {
  const pids = new Set(known.map(({ process }) => process?.pid));
  return listProcesses().flatMap((found): InstanceRecord[] => {
    // Every instance leads a session; its children have the same environment but do not.
    if (found.session !== found.pid || pids.has(found.pid)) return [];
    const env = environOf(found.pid);
    if (env.get('HOLDFAST_HOME') !== paths.home) return [];
    const app = env.get('HOLDFAST_APP') ?? '';
    const slot = Number(env.get('HOLDFAST_INSTANCE'));
    const serial = Number(env.get('HOLDFAST_SERIAL'));
    const stored = state.apps[app];
    if (app === '' || !Number.isInteger(slot) || !Number.isInteger(serial)) return [];
    const pipes = pipesOf(paths, `${app}.${slot}.${serial}`);
    const routed = isRouted(app) && app !== EDGE;
    const spawnedAt = Date.now();
    return [
      {
        app,
        retiring: false,
        snapshot: {
          slot,
          serial,
          // Of an app that nobody knows it does not matter.
          generation: stored?.generation ?? 0,
          restarts: 0,
          worn: null,
          machine: { ...initialState, phase: 'ready', wish: 'up', readySince: spawnedAt },
        },
        process: {
          pid: found.pid,
          startTime: found.startTime,
          serial,
          spawnedAt,
          lease: stored
            ? foundLease({ plan: stored.plan, slot, serial }, paths, routed, env)
            : unknownLease(pipes),
        },
      },
    ];
  });
}

function foundLease(
  request: LaunchRequest,
  paths: HomePaths,
  routed: boolean,
  env: ReadonlyMap<string, string>,
): Lease {
  const { plan, slot, serial } = request;
  const account = identityOf(plan.rights, thisMachine())?.account;
  return leaseFor(request, paths, {
    pipes: pipesOf(paths, `${plan.name}.${slot}.${serial}`),
    routed,
    port: routed && !(plan.guest && plan.command.node) ? Number(env.get('PORT')) : null,
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

function environOf(pid: number): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return new Map();
  }
  return new Map(
    text.split('\0').map((entry): [string, string] => {
      const equals = entry.indexOf('=');
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}
