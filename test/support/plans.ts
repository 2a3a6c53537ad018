/** Plans for tests: the defaults, and what a test wants otherwise. */
import { appDefaults } from '../../src/config/app-defaults.ts';
import type { AppPlan, LogPlan, RoutePlan, UpstreamPlan } from '../../src/config/plan.ts';
import { destinationDefaults, routeDefaults } from '../../src/config/traffic-defaults.ts';

export function appPlan(given: Partial<AppPlan> = {}): AppPlan {
  return {
    ...appDefaults,
    name: 'web',
    command: { file: '/app/server.js', args: [], node: true, nodeArgs: [] },
    cwd: '/app',
    ...given,
  };
}

export function appRoute(prefix: string, app: string): RoutePlan {
  return { ...routeDefaults, prefix, to: { kind: 'app', app } };
}

export function upstreamOf(host: string, port: number): UpstreamPlan {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { ...destinationDefaults, kind: 'upstream', url, address: { host, port } };
}

export function upstreamRoute(prefix: string, host: string, port: number): RoutePlan {
  return { ...routeDefaults, prefix, to: upstreamOf(host, port) };
}

export function logPlan(given: Partial<LogPlan> = {}): LogPlan {
  return { ...appDefaults.log, ...given };
}
