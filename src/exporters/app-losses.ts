/** What becomes of the settings of apps where Holdfast does not run them: named as in the configuration, and no more than somebody wants to read. */
import type { AppPlan, Plan } from '../config/plan.ts';
import type { ExportOptions, Loss } from './exported.ts';
import { type AppFates, lossesAt } from './losses.ts';

/**
 * Names of single settings of `restart` tell somebody nothing who has set none of them: what is lost of those is told of `restart`, once.
 * These are the defaults (app-defaults.ts; that they are equal is tested).
 */
export const usualRestart = {
  minUptime: ({ minUptimeMs }) => minUptimeMs === 1000,
  backoff: ({ backoffMinMs, backoffMaxMs }) => backoffMinMs === 100 && backoffMaxMs === 30_000,
  giveUpAfter: ({ giveUp }) => giveUp?.crashes === 10 && giveUp.withinMs === 60_000,
} as const satisfies Readonly<Record<string, (restart: AppPlan['restart']) => boolean>>;

export function appLosses(app: AppPlan, fates: AppFates): Loss[] {
  const told = new Set<string>();
  return lossesAt(`apps.${app.name}`, app, fates)
    .map(({ setting, text }) => ({ setting: plainSetting(setting, app), text }))
    .filter(({ setting, text }) => {
      const line = `${setting}\n${text}`;
      return !told.has(line) && told.add(line);
    });
}

function plainSetting(setting: string, { name, restart }: AppPlan): string {
  const ofRestart = setting.startsWith(`apps.${name}.restart.`) ? setting.split('.').at(-1) : undefined;
  for (const [key, isUsual] of Object.entries(usualRestart))
    if (key === ofRestart && isUsual(restart)) return `apps.${name}.restart`;
  // They stand beside the app's other settings.
  return setting.replace(/\.rights\.(?=\w+$)/, '.');
}

/** What only a daemon of Holdfast does. */
export function daemonLosses({ notify, metrics }: Plan, { variables = [] }: ExportOptions): Loss[] {
  return [
    ...(notify.length > 0
      ? [{ setting: 'notify', text: 'nobody is told of anything: it is Holdfast that sends these messages' }]
      : []),
    ...(metrics.listen || metrics.otlp
      ? [{ setting: 'metrics', text: 'there are no numbers and no alerts: it is Holdfast that counts' }]
      : []),
    ...(variables.length > 0
      ? [
          {
            setting: 'hold env',
            text: `${variables.join(', ')}: values that \`hold env\` keeps are in no file: give them to the apps there`,
          },
        ]
      : []),
  ];
}
