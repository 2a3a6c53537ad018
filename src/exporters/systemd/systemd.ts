/**
 * Units for systemd (240 and later): for each app a template whose instances are called by their ports, for each job a service and a
 * timer, and one target that has them all. Tried with systemd 252.
 */
import type { CronPlan, Plan } from '../../config/plan.ts';
import type { Exported, ExportedFile, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { envFiles } from '../services/env-file.ts';
import { type Service, serviceName, servicesOf } from '../services/service.ts';
import { onCalendar } from './calendar.ts';
import { type Helped, helped, routedApps } from './helped.ts';
import { systemdLosses } from './losses.ts';
import { PRELOAD } from './preload.ts';
import { renderUnit, type Section, serviceUnit, socketUnit, unitFile, unitName } from './units.ts';

export function systemd(plan: Plan, options: ExportOptions): Exported {
  const services = servicesOf(plan, options);
  const losses = systemdLosses(plan, options);
  const routed = routedApps(plan);
  const helps = services.map(({ app }) => helped(app, routed));
  const files = [
    file(`${options.name}.target`, renderUnit(head(options, lossLines(losses)), target(services, options))),
    ...services.flatMap((service) => [
      ...(service.slot === 0 ? unitsOf(service, services, helped(service.app, routed), options) : []),
      ...instanceFile(service, options),
    ]),
    ...(helps.some((help) => help !== null)
      ? [{ path: 'systemd/systemd.cjs', text: PRELOAD, mode: 0o644 }]
      : []),
    ...envFiles('systemd', services, options, {
      before: '',
      syntax: 'values with spaces or # in double quotes, see systemd.exec(5)',
    }),
  ];
  return { files, losses };
}

function head({ name }: ExportOptions, losses: readonly string[]): string[] {
  return [
    `Written by \`hold export systemd\`. Put the units into /etc/systemd/system (and systemd.cjs, when there is one, to where they say), then:`,
    `  systemctl daemon-reload && systemctl enable --now ${name}.target`,
    `All of them: systemctl stop ${name}.target, systemctl restart ${name}.target, journalctl -u '${name}-*'`,
    ...(losses.length > 0
      ? ['', 'Not in these units, because systemd cannot do it, or not without Holdfast:']
      : []),
    ...losses,
  ];
}

function target(services: readonly Service[], options: ExportOptions): readonly Section[] {
  const wanted = services
    .filter(({ app }) => app.autostart && !app.job)
    .map((service) => unitName(service, options));
  const timers = services
    .filter(({ app, slot }) => slot === 0 && app.autostart)
    .flatMap((service) => timersOf(service).map(({ suffix }) => timerName(service, suffix, options)));
  return [
    ['Unit', 'Description=Apps of this machine', ...[...wanted, ...timers].map((unit) => `Wants=${unit}`)],
    ['Install', 'WantedBy=multi-user.target'],
  ];
}

function unitsOf(
  service: Service,
  services: readonly Service[],
  help: Helped | null,
  options: ExportOptions,
): ExportedFile[] {
  const after = services
    .filter(({ app }) => service.app.after.includes(app.name) && !app.job)
    .map((other) => unitName(other, options));
  const unit = file(unitFile(service, options), renderUnit([], serviceUnit(service, after, help, options)));
  const socket = help?.socket
    ? [
        file(
          `${serviceName(service.app.name, options)}@.socket`,
          renderUnit([], socketUnit(service, options)),
        ),
      ]
    : [];
  const timers = timersOf(service).flatMap(({ suffix, at, persistent }) => {
    const name = timerName(service, suffix, options);
    return [
      file(name, renderUnit([], timer(service, at, persistent, options))),
      ...(suffix === '' ? [] : [restarter(name, service, services, options)]),
    ];
  });
  return [unit, ...socket, ...timers];
}

interface Timer {
  /** No name of an app has a dot. */
  readonly suffix: '' | '.restart';
  readonly at: readonly string[];
  readonly persistent: boolean;
}

function timersOf({ app: { job, restart } }: Service): Timer[] {
  const lines = (cron: CronPlan | null) => (cron && onCalendar(cron)) ?? [];
  return [
    { suffix: '', at: lines(job), persistent: job?.missed === 'run' } as const,
    { suffix: '.restart', at: job ? [] : lines(restart.at), persistent: false } as const,
  ].filter(({ at }) => at.length > 0);
}

function timerName({ app }: Service, suffix: string, options: ExportOptions): string {
  return `${serviceName(app.name, options)}${suffix}.timer`;
}

function timer(
  { app }: Service,
  at: readonly string[],
  persistent: boolean,
  { name }: ExportOptions,
): readonly Section[] {
  return [
    ['Unit', `Description=${app.name} by the clock`, `PartOf=${name}.target`],
    [
      'Timer',
      ...at.map((line) => `OnCalendar=${line}`),
      '# At that second, not within a minute.',
      'AccuracySec=1s',
      ...(persistent
        ? ['# What was missed while the machine was off is done once, at once.', 'Persistent=yes']
        : []),
    ],
  ];
}

/** One after the other; what was stopped stays so. */
function restarter(
  timer: string,
  { app }: Service,
  services: readonly Service[],
  options: ExportOptions,
): ExportedFile {
  const instances = services.filter((other) => other.app === app).map((other) => unitName(other, options));
  return file(
    timer.replace(/timer$/, 'service'),
    renderUnit(
      [],
      [
        ['Unit', `Description=Restart ${app.name}`],
        [
          'Service',
          'Type=oneshot',
          ...instances.map((unit) => `ExecStart=/usr/bin/env systemctl try-restart ${unit}`),
        ],
      ],
    ),
  );
}

/** Which of them it is cannot stand in the template. */
function instanceFile(service: Service, options: ExportOptions): ExportedFile[] {
  const { app, port, env } = service;
  if (app.instances === 1 || app.job || port === null) return [];
  const text = renderUnit([], [['Service', `Environment=HOLDFAST_INSTANCE=${env.open.HOLDFAST_INSTANCE}`]]);
  return [file(`${unitName(service, options)}.d/instance.conf`, text)];
}

function file(name: string, text: string): ExportedFile {
  return { path: `systemd/${name}`, text, mode: 0o644 };
}
