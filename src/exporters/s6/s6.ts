/** Service directories for s6 (2.11 and later), s6-supervise, s6-log of skarnet.org: one for each instance, and a log service in each. */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportedFile, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { envFiles } from '../services/env-file.ts';
import { type Service, servicesOf } from '../services/service.ts';
import { s6Losses } from './losses.ts';
import { logScript, serviceFiles, textFile } from './service-files.ts';

export function s6(plan: Plan, options: ExportOptions): Exported {
  const services = servicesOf(plan, options).filter(({ app }) => !app.job);
  const losses = s6Losses(plan, options);
  return {
    files: [
      ...services.flatMap((service, index) =>
        directory(service, services, options, index === 0 ? losses : []),
      ),
      ...envFiles('s6', services, options, { before: '', syntax: 'values as sh(1) wants them' }),
    ],
    losses,
  };
}

function directory(
  service: Service,
  services: readonly Service[],
  options: ExportOptions,
  losses: readonly Loss[],
): ExportedFile[] {
  const { app, name } = service;
  const at = `s6/${name}`;
  const needs = services.filter((other) => app.after.includes(other.app.name)).map((other) => other.name);
  const waits = [
    'exec 2>&1',
    'set -e',
    ...(needs.length > 0 ? ['# It may not be supervised yet.'] : []),
    ...needs.map((other) => `until s6-svwait -u ../${other} 2>/dev/null; do sleep 1; done`),
  ];
  return [
    ...serviceFiles(at, service, options, { head: head(losses), waits, up: 's6-svc -u' }),
    logScript(`${at}/log/run`, service),
    ...(app.autostart ? [] : [textFile(`${at}/down`, '')]),
  ];
}

function head(losses: readonly Loss[]): string {
  return comment('#', [
    'Written by `hold export s6`. Put these directories into /etc/s6/sv, and a link to each into the scan directory; then `s6-svscanctl -a` on that.',
    ...(losses.length > 0 ? ['', 'Not in these files, because s6 cannot do it:', ...lossLines(losses)] : []),
  ]);
}
