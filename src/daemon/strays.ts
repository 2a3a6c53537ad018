/**
 * Instances that run but are in no record: the daemon died, or the disk was full, in the moment between the spawn and the writing.
 * They are found by the environment that the launcher gave them. Those of apps that are known are adopted like the others; for the
 * rest see orphans.ts. Linux only (/proc).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listProcesses } from '../kit/proc.ts';
import type { HomePaths } from '../protocol/home.ts';
import { initialState } from '../supervisor/machine.ts';
import type { InstanceRecord } from '../supervisor/supervisor.ts';
import { EDGE } from './edge-app.ts';
import { instanceSocket } from './instance-socket.ts';
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
    const name = `${app}.${slot}.${serial}`;
    const guest = Boolean(stored?.plan.guest && stored.plan.command.node);
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
          lease: {
            out: join(paths.run, `${name}.out`),
            err: join(paths.run, `${name}.err`),
            socket: routed && guest ? instanceSocket(paths, app, slot, serial) : null,
            port: routed && !guest ? Number(env.get('PORT')) : null,
            guest,
          },
        },
      },
    ];
  });
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
