/** What s6 cannot do. */
import type { Plan } from '../../config/plan.ts';
import type { ExportOptions, Loss } from '../exported.ts';
import { type InitFates, initLosses } from '../services/losses.ts';
import { linesLost, scripted } from '../services/script-losses.ts';

export function s6Losses(plan: Plan, options: ExportOptions): Loss[] {
  return initLosses(plan, options, s6Fates);
}

export const s6Fates: InitFates = {
  ...scripted,
  restart: (restart, app) => {
    const lost = scripted.restart(restart, app);
    return (
      lost && {
        giveUpAfter:
          restart.when === 'never'
            ? undefined
            : 'a restart by hand (`s6-svc -r`) counts for `giveUpAfter`, too',
        ...lost,
      }
    );
  },
  pidFile: (path) => (path === null ? undefined : 's6 knows the pid: `s6-svstat`'),
  log: (log) => ({
    ...linesLost(log, 's6-log'),
    rotateEvery: log.rotateEvery === null ? undefined : 'only by size',
    rotateSize:
      log.rotateBytes < 4096 || log.rotateBytes > 268_435_455
        ? 's6-log takes 4096 to 268435455 bytes'
        : undefined,
    compress: log.compress ? 'old files are not compressed' : undefined,
    forward:
      log.forward.length > 0 ? 'nothing is sent elsewhere; s6-log can give lines to a program' : undefined,
  }),
};
