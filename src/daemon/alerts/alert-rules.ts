/** Which rules are in force for what: those of the configuration that it came from. */
import type { AlertRules } from '../../config/plan.ts';
import type { DesiredState } from '../state.ts';
import { defaultRules } from './rules.ts';

export function rulesIn(
  { apps, sites, metrics }: Pick<DesiredState, 'apps' | 'sites' | 'metrics'>,
  about: { readonly app: string } | { readonly site: string } | null,
): AlertRules {
  if (about === null) return { ...defaultRules, diskFreeShare: strictest(metrics) };
  if ('app' in about) {
    const project = apps[about.app]?.plan.project ?? '';
    return metrics[project]?.plan.alerts ?? defaultRules;
  }
  const source = sites[about.site]?.source ?? null;
  const found = Object.values(metrics).find((one) => one.source === source);
  return found?.plan.alerts ?? defaultRules;
}

/** The disk is everybody's. */
function strictest(metrics: DesiredState['metrics']): number | null {
  const all = Object.values(metrics).map(({ plan }) => plan.alerts.diskFreeShare);
  if (all.length === 0) return defaultRules.diskFreeShare;
  const wanted = all.filter((share) => share !== null);
  return wanted.length > 0 ? Math.max(...wanted) : null;
}
