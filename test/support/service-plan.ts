/** Plans for tests of what starts apps: an app of each kind, and everything set. */
import { metricsDefaults } from '../../src/config/metrics-defaults.ts';
import type { AppPlan, Plan } from '../../src/config/plan.ts';
import type { ExportOptions } from '../../src/exporters/exported.ts';
import { placesOf } from '../../src/exporters/places.ts';
import { appPlan } from './plans.ts';

/** Of apps only: no sites, no proxy. */
export function planOf(...apps: readonly AppPlan[]): Plan {
  const byName = Object.fromEntries(apps.map((app) => [app.name, app]));
  const none = { sites: {}, logsTotalBytes: null, egress: null, notify: [], metrics: metricsDefaults };
  return { source: null, apps: byName, ...none } as unknown as Plan;
}

export function exportOptions(plan: Plan, given: Partial<ExportOptions> = {}): ExportOptions {
  return {
    node: '/usr/bin/node',
    user: 'www-data',
    name: 'holdfast',
    places: placesOf(plan),
    isSecret: (name) => /KEY|PASS/.test(name),
    ...given,
  };
}

/** Two instances that need another app, everything limited, a job, and a program that is not Node's. */
export function richPlan(): Plan {
  return planOf(
    appPlan({
      name: 'web',
      command: {
        file: '/srv/my app/server.js',
        args: ['--port', '$PORT', '50% of $HOME'],
        node: true,
        nodeArgs: ['--enable-source-maps'],
      },
      cwd: '/srv/my app',
      instances: 2,
      port: 3000,
      env: { NODE_ENV: 'production', GREETING: 'say "hi" for 100%\nand more', API_KEY: 'very-secret' },
      baseEnv: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/home/me', LANG: 'en_US.UTF-8', REGION: 'eu' },
      secrets: { DB_TOKEN: '/etc/secrets/db' },
      after: ['db'],
      stop: { signal: 'SIGINT', timeoutMs: 4500, message: false, ends: 'tree' },
      restart: {
        ...appPlan().restart,
        when: 'on-failure',
        stopCodes: [3],
        at: { expression: '0 4 * * SUN', timezone: 'Europe/Berlin' },
      },
      memory: { softBytes: 200_000_000, hardBytes: 300_000_000 },
      rights: {
        ...appPlan().rights,
        group: 'www-data',
        umask: 0o027,
        nice: 5,
        oomScore: 100,
        ulimits: { nofile: 65536, core: 'unlimited' },
        cpu: 1.5,
        pids: 200,
      },
    }),
    appPlan({
      name: 'db',
      command: { file: 'python3', args: ['-m', 'http.server', '$PORT'], node: false, nodeArgs: [] },
      cwd: '/srv/db',
      ready: { by: 'notify' },
      guest: false,
      watchdogMs: 10_000,
    }),
    appPlan({
      name: 'nightly',
      command: { file: '/srv/jobs/nightly.js', args: [], node: true, nodeArgs: [] },
      cwd: '/srv/jobs',
      job: { expression: '30 2 1 * FRI', timezone: null, missed: 'run', timeoutMs: 600_000 },
    }),
    appPlan({
      name: 'spare',
      cwd: '/srv/spare',
      autostart: false,
      stop: { signal: 'SIGUSR2', timeoutMs: 10_000, message: true, ends: 'process' },
    }),
  );
}
