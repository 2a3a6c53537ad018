/** A command beside an app, with its environment, secrets, directory, user and limits: `hold run web -- …`, `release.migrate`. */
import { realpathSync } from 'node:fs';
import { resolveCommand } from '../config/command.ts';
import type { AppPlan } from '../config/plan.ts';
import { identityOf } from '../launch/identity.ts';
import { thisMachine } from '../launch/machine.ts';
import { requireRights } from '../launch/rights.ts';
import { readSecrets } from '../launch/secrets.ts';
import { type LaunchSpec, oneOffSpec } from '../launch/spec.ts';
import { variablesFor } from '../vault/for-app.ts';

/**
 * @param home of Holdfast, whose vault has the variables of the project
 * @param names variables that nothing of the plan overrides
 * @throws HoldfastError RIGHTS_MISSING, SCRIPT_NOT_FOUND, VARIABLES_UNREADABLE
 */
export function oneOff(
  home: string,
  plan: AppPlan,
  words: readonly string[],
  names: Readonly<Record<string, string>>,
): LaunchSpec {
  const machine = thisMachine();
  requireRights(plan, machine);
  const command = resolveCommand(words, { cwd: plan.cwd, path: plan.env.PATH ?? plan.baseEnv.PATH });
  const secrets = {
    ...readSecrets(plan.secrets, identityOf(plan.rights, machine)),
    ...variablesFor(home, plan),
  };
  return oneOffSpec({ plan, machine, secrets, names, realCwd: realpathSync(plan.cwd) }, command);
}
