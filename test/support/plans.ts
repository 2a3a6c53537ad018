/** Plans for tests: the defaults, and what a test wants otherwise. */
import { appDefaults } from '../../src/config/app-defaults.ts';
import type { AppPlan, LogPlan } from '../../src/config/plan.ts';

export function appPlan(given: Partial<AppPlan> = {}): AppPlan {
  return {
    ...appDefaults,
    name: 'web',
    command: { file: '/app/server.js', args: [], node: true, nodeArgs: [] },
    cwd: '/app',
    ...given,
  };
}

export function logPlan(given: Partial<LogPlan> = {}): LogPlan {
  return { ...appDefaults.log, ...given };
}
