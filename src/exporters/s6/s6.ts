/** Service directories for s6 (2.11 and later), s6-supervise, s6-log of skarnet.org: one for each instance, and a log service in each. */
import type { LogPlan, Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportedFile, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { finish, type Words } from '../runit/finish.ts';
import { home } from '../runit/runit.ts';
import { envFilePath, envFiles } from '../services/env-file.ts';
import { type Service, servicesOf } from '../services/service.ts';
import { exportLines, secretLines, shellWord } from '../services/shell.ts';
import { s6Losses } from './losses.ts';

const WORDS: Words = {
  group: '$(cat supervise/group; rm -f supervise/group)',
  wantedDown: '[ "$(s6-svstat -o wantedup .)" = false ]',
  asked: null,
  up: 's6-svc -u',
  stop: ['# By this s6-supervise knows that it shall not start it.', 'exit 125'],
};

export function s6(plan: Plan, options: ExportOptions): Exported {
  const services = servicesOf(plan, options).filter(({ app }) => !app.job);
  const losses = s6Losses(plan);
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
  const { signal, timeoutMs } = app.stop;
  const program = (path: string, lines: readonly string[], before = ''): ExportedFile => ({
    path: `s6/${name}/${path}`,
    text: `#!/bin/sh\n${before}${lines.join('\n')}\n`,
    mode: 0o755,
  });
  const file = (path: string, text: string): ExportedFile => ({
    path: `s6/${name}/${path}`,
    text,
    mode: 0o644,
  });
  const dir = `/var/log/${name}`;
  return [
    program('run', run(service, services, options), head(losses)),
    program('finish', finish(app, WORDS)),
    // It holds the pauses between restarts, and ends by itself when somebody wants it down.
    file('timeout-finish', '0\n'),
    file('down-signal', `${signal}\n`),
    file('timeout-kill', `${Math.max(1, Math.ceil(timeoutMs))}\n`),
    program('log/run', [
      `mkdir -p -m 0750 ${dir}`,
      '# Each line begins with the time.',
      `exec s6-log ${log(app.log)} ${dir}`,
    ]),
    ...(app.autostart ? [] : [file('down', '')]),
  ];
}

function run(service: Service, services: readonly Service[], options: ExportOptions): string[] {
  const { app, env } = service;
  const { umask, oomScore } = app.rights;
  const needs = services.filter((other) => app.after.includes(other.app.name)).map((other) => other.name);
  return [
    'exec 2>&1',
    'set -e',
    ...(needs.length > 0 ? ['# It may not be supervised yet.'] : []),
    ...needs.map((name) => `until s6-svwait -u ../${name} 2>/dev/null; do sleep 1; done`),
    'date +%s >supervise/started',
    ...(app.stop.ends === 'tree'
      ? [
          '# s6-supervise starts it in a session of its own, by which finish ends what is left.',
          'echo $$ >supervise/group',
        ]
      : []),
    '',
    ...home(service),
    ...exportLines(env.open),
    ...secretLines(service, envFilePath(app, options)),
    '',
    ...(umask === null ? [] : [`umask ${umask.toString(8).padStart(4, '0')}`]),
    ...(oomScore === null ? [] : [`echo ${oomScore} >/proc/self/oom_score_adj`]),
    `cd ${shellWord(app.cwd)}`,
    '# No shell remains: signals are for the app.',
    `exec ${[...prefix(service), ...service.argv].map(shellWord).join(' ')}`,
  ];
}

function head(losses: readonly Loss[]): string {
  return comment('#', [
    'Written by `hold export s6`. Put these directories into /etc/s6/sv, and a link to each into the scan directory; then `s6-svscanctl -a` on that.',
    ...(losses.length > 0 ? ['', 'Not in these files, because s6 cannot do it:', ...lossLines(losses)] : []),
  ]);
}

/** Limits and priority come first: raising them is root's right. */
function prefix({ app, user, group }: Service): string[] {
  const { nice, ulimits } = app.rights;
  const limits = Object.entries(ulimits).map(([name, value]) => `--${name}=${value}`);
  return [
    ...(limits.length > 0 ? ['prlimit', ...limits] : []),
    ...(nice === null ? [] : ['nice', '-n', String(nice)]),
    ...(user === null && group === null ? [] : identity(user ?? 'root', group)),
  ];
}

function identity(user: string, group: string | null): string[] {
  if (group === null) return ['s6-setuidgid', user];
  return ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--init-groups'];
}

function log({ rotateBytes, keep }: LogPlan): string {
  return `t n${Math.max(1, keep)} s${Math.min(268_435_455, Math.max(4096, rotateBytes))}`;
}
