/** What an app gets of the vault at each of its starts. */
import type { AppPlan } from '../config/plan.ts';
import { Vault } from './vault.ts';

/** @throws HoldfastError VARIABLES_UNREADABLE */
export function variablesFor(
  home: string,
  { name, project }: Pick<AppPlan, 'name' | 'project'>,
): Record<string, string> {
  if (project === null) return {};
  return new Vault(home).environment({ project, app: plainName(name) });
}

/** The instances by which a release is tried (`web@next`) are that app's. */
export function plainName(app: string): string {
  return app.replace(/@next$/, '');
}
