/** What the states of all apps together mean for whoever runs the container. Pure. */
import type { Plan } from '../../config/plan.ts';
import type { AppView } from '../../protocol/api.ts';
import type { Answer } from './health.ts';

/** Jobs and apps that are not started by themselves are nobody's reason to wait. */
function isExpected({ apps }: Plan, { name, kind }: AppView): boolean {
  if (kind !== 'app') return true;
  const app = apps[name];
  return app !== undefined && app.job === null && app.autostart;
}

/**
 * @param before all were ready once: from then on an app that has lost some of its instances is no reason to take it out of the
 * traffic, because the others serve
 */
export function readiness(plan: Plan, views: readonly AppView[], before: boolean): Answer {
  const good = before ? ['running', 'degraded', 'done'] : ['running', 'done'];
  const expected = views.filter((view) => isExpected(plan, view));
  const missing = Object.values(plan.apps)
    .filter(({ name, job, autostart }) => job === null && autostart && !views.some((v) => v.name === name))
    .map(({ name }) => `${name}: not started`);
  const waiting = [
    ...missing,
    ...expected
      .filter(({ status }) => !good.includes(status))
      .map(({ name, status }) => `${name}: ${status}`),
  ];
  return waiting.length === 0 ? { ok: true, text: 'ready' } : { ok: false, text: waiting.join('\n') };
}

/**
 * failed: an app was given up, so that the container is not what it should be. over: all have ended by themselves, and none is started
 * again by the clock or by a request.
 */
export function judge(
  plan: Plan,
  views: readonly AppView[],
): 'goes on' | 'over' | { readonly failed: string } {
  const apps = views.filter((view) => isExpected(plan, view));
  const failed = apps.find(({ status }) => status === 'failed');
  if (failed) return { failed: failed.name };
  const own = apps.filter(({ kind }) => kind === 'app');
  const hasJobs = Object.values(plan.apps).some(({ job }) => job !== null);
  return own.length > 0 && !hasJobs && own.every(({ status }) => status === 'done') ? 'over' : 'goes on';
}
