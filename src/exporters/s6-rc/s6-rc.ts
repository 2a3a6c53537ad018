/**
 * A source directory for s6-rc (0.5.3 and later, with s6 2.11): for each instance a longrun and one for its log, joined to a pipeline; one
 * bundle that has them all.
 */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportedFile, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { logScript, serviceFiles, textFile } from '../s6/service-files.ts';
import { envFiles } from '../services/env-file.ts';
import { type Service, servicesOf } from '../services/service.ts';
import { s6rcLosses } from './losses.ts';

export function s6rc(plan: Plan, options: ExportOptions): Exported {
  const services = servicesOf(plan, options).filter(({ app }) => !app.job);
  const losses = s6rcLosses(plan, options);
  return {
    files: [
      ...services.flatMap((service, index) => [
        ...producer(service, services, options, index === 0 ? losses : []),
        ...consumer(service),
      ]),
      ...bundle(services, options),
      ...envFiles('s6-rc', services, options, { before: '', syntax: 'values as sh(1) wants them' }),
    ],
    losses,
  };
}

function producer(
  service: Service,
  services: readonly Service[],
  options: ExportOptions,
  losses: readonly Loss[],
): ExportedFile[] {
  const { app, name } = service;
  const at = `s6-rc/${name}`;
  return [
    textFile(`${at}/type`, 'longrun\n'),
    textFile(`${at}/producer-for`, `${logOf(name)}\n`),
    ...services
      .filter((other) => app.after.includes(other.app.name))
      .map((other) => textFile(`${at}/dependencies.d/${other.name}`, '')),
    ...serviceFiles(at, service, options, {
      head: head(losses, options),
      waits: ['exec 2>&1', 'set -e'],
      up: `s6-svc -u ${LIVE}/${name}`,
    }),
  ];
}

function consumer(service: Service): ExportedFile[] {
  const at = `s6-rc/${logOf(service.name)}`;
  return [
    textFile(`${at}/type`, 'longrun\n'),
    textFile(`${at}/consumer-for`, `${service.name}\n`),
    textFile(`${at}/pipeline-name`, `${service.name}.pipeline\n`),
    // s6-log says by this that it reads.
    textFile(`${at}/notification-fd`, '3\n'),
    logScript(`${at}/run`, service, ['-d3']),
  ];
}

/** What is not started by itself is not in it. */
function bundle(services: readonly Service[], { name }: ExportOptions): ExportedFile[] {
  const started = services.filter(({ app }) => app.autostart);
  if (started.length === 0) return [];
  return [
    textFile(`s6-rc/${name}/type`, 'bundle\n'),
    ...started.map((service) => textFile(`s6-rc/${name}/contents.d/${service.name}.pipeline`, '')),
  ];
}

/** Where s6-rc keeps the directories of services that run. */
const LIVE = '/run/s6-rc/servicedirs';

/** No name of an app has a dot. */
function logOf(name: string): string {
  return `${name}.log`;
}

function head(losses: readonly Loss[], { name }: ExportOptions): string {
  return comment('#', [
    'Written by `hold export s6-rc`. Put these directories beside your other definitions, compile them all with `s6-rc-compile`, switch with',
    `\`s6-rc-update\`, then \`s6-rc -u change ${name}\`.`,
    ...(losses.length > 0
      ? ['', 'Not in these files, because s6-rc cannot do it:', ...lossLines(losses)]
      : []),
  ]);
}
