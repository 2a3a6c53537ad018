/** What runit cannot do. */
import type { Plan } from '../../config/plan.ts';
import type { ExportOptions, Loss } from '../exported.ts';
import { type InitFates, initLosses, rightsLost } from '../services/losses.ts';
import { isNumber } from '../services/run-script.ts';
import { linesLost, scripted } from '../services/script-losses.ts';

export function runitLosses(plan: Plan, options: ExportOptions): Loss[] {
  return initLosses(plan, options, fates);
}

const fates: InitFates = {
  ...scripted,
  rights: (rights) =>
    rightsLost(rights, {
      cpu: 'not limited',
      pids: 'not limited',
      user: isNumber(rights.user)
        ? 'it has one group only'
        : 'it has the main group of this user only, or the one that `group` names',
    }),
  pidFile: (path) => (path === null ? undefined : 'runit keeps the pid in supervise/pid'),
  log: (log) => ({
    ...linesLost(log, 'svlogd'),
    rotateEvery: log.rotateEvery === null ? undefined : 'counted from when the file was begun',
    forward: log.forward.length > 0 ? 'nothing is sent elsewhere; svlogd can send lines by UDP' : undefined,
  }),
};
