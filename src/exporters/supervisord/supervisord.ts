/** A file for supervisord (4.0 and later): a program for each app, or a group of programs where its ports need that. */
import type { AppPlan, Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { envFilePath, envFiles } from '../services/env-file.ts';
import { home } from '../services/run-script.ts';
import { programOf, type Service, serviceName, servicesOf } from '../services/service.ts';
import { exportLines, secretLines, shellWord } from '../services/shell.ts';
import { type Section, sectionsOf } from './instances.ts';
import { supervisordLosses } from './losses.ts';
import { commandWord, isPlainValue, isPlainVariable, plainValue } from './words.ts';

export function supervisord(plan: Plan, options: ExportOptions): Exported {
  const services = servicesOf(plan, options).filter(({ app }) => !app.job);
  const losses = supervisordLosses(plan, options);
  const depths = depthsOf(plan);
  const sections = [...new Set(services.map(({ app }) => app))].flatMap((app) => {
    const name = serviceName(app.name, options);
    const own = sectionsOf(
      services.filter((service) => service.app === app),
      name,
    );
    const priority = depths && [`priority=${900 + (depths.get(app.name) ?? 0)}`];
    return [
      ...own.map((section) => program(section, priority ?? [], options)),
      ...(own.length > 1 ? [group(name, own, priority ?? [])] : []),
    ];
  });
  return {
    files: [
      {
        path: `supervisord/${options.name}.conf`,
        text: head(losses, options) + sections.join('\n'),
        mode: 0o644,
      },
      ...envFiles('supervisord', services, options, { before: '', syntax: 'values as sh(1) wants them' }),
    ],
    losses,
  };
}

/** What needs another is started after it, and stopped before it; null: nothing needs anything. */
function depthsOf({ apps }: Plan): ReadonlyMap<string, number> | null {
  if (Object.values(apps).every(({ after }) => after.length === 0)) return null;
  const depth = (name: string, above: readonly string[]): number => {
    const needs = (apps[name]?.after ?? []).filter((other) => !above.includes(other));
    return Math.max(0, ...needs.map((other) => depth(other, [...above, name]) + 1));
  };
  return new Map(Object.keys(apps).map((name) => [name, depth(name, [])]));
}

function program(section: Section, priority: readonly string[], options: ExportOptions): string {
  const { name, service, count } = section;
  const { app, user } = service;
  const several = count > 1;
  const log = `/var/log/supervisor/${name}${several ? '.%(process_num)d' : ''}.log`;
  const lines = [
    `[program:${name}]`,
    ...(several ? [`numprocs=${count}`, 'process_name=%(program_name)s.%(process_num)d'] : []),
    `command=${command(section, options)}`,
    ...(isPlainValue(app.cwd) ? [`directory=${plainValue(app.cwd)}`] : []),
    ...environment(section),
    ...(user === null ? [] : [`user=${plainValue(user.replace(/[\s;#]+/g, ' ').trim())}`]),
    ...(app.rights.umask === null ? [] : [`umask=${app.rights.umask.toString(8).padStart(3, '0')}`]),
    ...priority,
    `autostart=${app.autostart}`,
    ...restart(app),
    ...stop(app),
    'redirect_stderr=true',
    `stdout_logfile=${log}`,
    `stdout_logfile_maxbytes=${app.log.rotateBytes}`,
    `stdout_logfile_backups=${Math.max(1, app.log.keep)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function group(name: string, sections: readonly Section[], priority: readonly string[]): string {
  const programs = sections.map((section) => section.name).join(',');
  return `${[`[group:${name}]`, `programs=${programs}`, ...priority].join('\n')}\n`;
}

/** A shell goes first only where supervisord has no words for something. */
function command({ service, count, port }: Section, options: ExportOptions): string {
  // No argument has this character.
  const argv =
    count > 1 ? programOf(service.app, options, (arg) => arg.replaceAll(PORT, '\0')) : service.argv;
  const script = before(service, options);
  const needsShell = script.length > 0 || argv.some((word) => /[\n\r]/.test(word));
  const words = needsShell
    ? ['/bin/sh', '-c', ['set -e', ...script, `exec ${argv.map(shellWord).join(' ')}`].join('; ')]
    : argv;
  return words
    .map(commandWord)
    .join(' ')
    .replaceAll('\0', port ?? '');
}

const PORT = /\$PORT\b|\$\{PORT\}/g;

function before(service: Service, options: ExportOptions): string[] {
  const { app, env } = service;
  const awkward = Object.entries(env.open).filter(([, value]) => !isPlainVariable(value));
  return [
    ...home(service),
    ...exportLines(Object.fromEntries(awkward)),
    ...secretLines(service, envFilePath(app, options)),
    ...(isPlainValue(app.cwd) ? [] : [`cd ${shellWord(app.cwd)}`]),
  ];
}

function environment({ service, count, port }: Section): string[] {
  const { PORT: _, HOLDFAST_INSTANCE, ...open } = service.env.open;
  const own = Object.entries(open).filter(([, value]) => isPlainVariable(value));
  const lines = [
    ...own.map(([name, value]) => `${name}="${value.replaceAll('%', '%%')}"`),
    ...(port === null ? [] : [`PORT="${port}"`]),
    `HOLDFAST_INSTANCE="${count > 1 ? '%(process_num)d' : HOLDFAST_INSTANCE}"`,
  ];
  return ['environment=', ...lines.map((line, index) => `    ${line}${index < lines.length - 1 ? ',' : ''}`)];
}

function restart({ restart: { when, stopCodes, minUptimeMs, early, giveUp } }: AppPlan): string[] {
  if (when === 'never') return ['autorestart=false', '# However early it ends, it is done.', 'startsecs=0'];
  const codes = [...new Set([...(when === 'on-failure' ? [0] : []), ...stopCodes])];
  return [
    `autorestart=${codes.length > 0 ? 'unexpected' : 'true'}`,
    ...(codes.length > 0 ? ['# It means by these that it is done.', `exitcodes=${codes.join(',')}`] : []),
    '# Given up (FATAL) when so many in a row have ended before this time.',
    `startsecs=${Math.ceil(minUptimeMs / 1000)}`,
    `startretries=${early === 'give-up' ? 0 : Math.max(0, giveUp.crashes - 1)}`,
  ];
}

function stop({ stop: { signal, timeoutMs, ends } }: AppPlan): string[] {
  return [
    `stopsignal=${signal.replace(/^SIG/, '')}`,
    `stopwaitsecs=${Math.max(1, Math.ceil(timeoutMs / 1000))}`,
    `stopasgroup=${ends === 'tree'}`,
    `killasgroup=${ends === 'tree'}`,
  ];
}

function head(losses: readonly Loss[], { name }: ExportOptions): string {
  return comment('#', [
    `Written by \`hold export supervisord\`. Put it into /etc/supervisor/conf.d/${name}.conf, then \`supervisorctl update\`.`,
    'Look at them with `supervisorctl status`; all instances of an app: `supervisorctl restart <app>:*`.',
    ...(losses.length > 0
      ? ['', 'Not in this file, because supervisord cannot do it:', ...lossLines(losses)]
      : []),
  ]);
}
