/** A server in front as an app like any other: its plan. Pure. */
import { join } from 'node:path';
import { appDefaults } from '../../config/app-defaults.ts';
import type { AppPlan, EdgePlan, FrontServer, ListenPlan } from '../../config/plan.ts';
import { FRONT_NAME } from '../../protocol/api.ts';
import { servers } from './servers.ts';

export const FRONT = FRONT_NAME;

/** Where the files of the process are, that Holdfast runs. */
export function frontDir(home: string): string {
  return join(home, 'front');
}

/** @param program absolute path */
export function frontAppPlan(
  server: FrontServer,
  { http }: EdgePlan,
  { program, dir, path }: { readonly program: string; readonly dir: string; readonly path: string },
): AppPlan {
  const { own } = servers[server];
  return {
    ...appDefaults,
    name: FRONT,
    command: { file: program, args: [...own.args(dir)], node: false, nodeArgs: [] },
    cwd: '/',
    env: { ...own.env?.(dir) },
    baseEnv: { PATH: path },
    guest: false,
    ready: isAskable(http) ? { by: 'probe', probe: { kind: 'tcp', port: http.port } } : { by: 'auto' },
    readyTimeoutMs: 15_000,
    drainMs: 0,
    stop: { ...appDefaults.stop, signal: own.stopSignal, timeoutMs: 10_000 },
    // It must come back whatever happens: there is no one else to serve.
    restart: {
      ...appDefaults.restart,
      backoffMinMs: 50,
      backoffMaxMs: 5000,
      giveUp: { crashes: 1_000_000, withinMs: 1000 },
    },
    sticky: 'none',
  };
}

/** Probes connect to 127.0.0.1. */
function isAskable({ host }: ListenPlan): boolean {
  return host === null || ['127.0.0.1', '0.0.0.0', '::'].includes(host);
}
