/** Service scripts for OpenRC (0.41 and later), openrc-run(8), supervise-daemon(8): one for each instance. */
import type { AppPlan, Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportedFile, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { type InitFates, initLosses, readyLost, rightsLost } from '../services/losses.ts';
import { type Service, serviceName, servicesOf } from '../services/service.ts';
import { evalWord, exportLines, shellWord } from '../services/shell.ts';

/** What installs the scripts looks for it. */
export const NOT_AT_BOOT = '# It is not started with the machine.';

export function openrc(plan: Plan, options: ExportOptions): Exported {
  const services = servicesOf(plan, options).filter(({ app }) => !app.job);
  const losses = initLosses(plan, options, fates);
  return {
    files: [
      ...services.map((service, index) => script(service, services, options, index === 0 ? losses : [])),
      ...services
        .filter(({ slot, env }) => slot === 0 && env.secret.length > 0)
        .map((one) => conf(one, options)),
    ],
    losses,
  };
}

function script(
  service: Service,
  services: readonly Service[],
  options: ExportOptions,
  losses: readonly Loss[],
): ExportedFile {
  const { app, name, slot, env, user, group } = service;
  const { PATH, ...open } = env.open;
  const needs = services.filter((other) => app.after.includes(other.app.name)).map((other) => other.name);
  const owner = [user ?? 'root', ...(group === null ? [] : [group])].join(':');
  const log = `/var/log/${name}.log`;
  const { nice, oomScore } = app.rights;
  const args = [
    // OpenRC itself needs the PATH that it has.
    ...(PATH === undefined ? [] : ['--env', `PATH=${PATH}`]),
    ...(nice === null ? [] : ['--nicelevel', String(nice)]),
    ...(oomScore === null ? [] : ['--oom-score-adj', String(oomScore)]),
  ];
  const [file, ...rest] = service.argv[0].startsWith('/') ? service.argv : ['/usr/bin/env', ...service.argv];
  const lines = [
    ...(app.autostart ? [] : [NOT_AT_BOOT]),
    `description=${shellWord(`${app.name} ${slot}`)}`,
    'supervisor=supervise-daemon',
    '# These are words of sh once more when they are used.',
    `command=${shellWord(evaluated([file ?? '']))}`,
    `command_args=${shellWord(evaluated(rest))}`,
    ...(args.length > 0 ? [`supervise_daemon_args=${shellWord(evaluated(args))}`] : []),
    ...(user === null && group === null ? [] : [`command_user=${shellWord(owner)}`]),
    `directory=${shellWord(evaluated([app.cwd]))}`,
    ...respawn(app),
    `retry=${app.stop.signal}/${Math.max(1, Math.ceil(app.stop.timeoutMs / 1000))}/SIGKILL/5`,
    ...limits(app),
    `output_log=${log}`,
    `error_log=${log}`,
    '',
    ...exportLines(open),
    ...(env.secret.length > 0
      ? [`# ${env.secret.join(', ')}: in /etc/conf.d/${serviceName(app.name, options)}, which OpenRC reads.`]
      : []),
    '',
    'depend() {',
    '  need localmount',
    '  use net dns',
    ...(needs.length > 0 ? [`  need ${needs.join(' ')}`] : []),
    '}',
    '',
    'start_pre() {',
    `  checkpath --file --owner ${shellWord(owner)} --mode 0640 ${log} || return 1`,
    ...Object.entries(env.files).flatMap(([variable, path]) => [
      `  ${variable}=$(cat ${shellWord(path)}) || return 1`,
      `  export ${variable}`,
    ]),
    '}',
    '',
  ];
  const text = `#!/sbin/openrc-run\n${head(losses)}${lines.join('\n')}`;
  return { path: `openrc/init.d/${name}`, text, mode: 0o755 };
}

function head(losses: readonly Loss[]): string {
  return comment('#', [
    'Written by `hold export openrc`. Put it into /etc/init.d, then `rc-update add` and `rc-service … start` it.',
    ...(losses.length > 0
      ? ['', 'Not in these files, because OpenRC cannot do it:', ...lossLines(losses)]
      : []),
  ]);
}

/** OpenRC reads the part before the dot for all instances. */
function conf({ app, env }: Service, options: ExportOptions): ExportedFile {
  const name = serviceName(app.name, options);
  const text = [
    `# Variables of ${name} whose values look secret. Take the \`#\` away and put them in, as sh(1) wants them.`,
    '# Exporting again does not change this file once it is installed.',
    ...env.secret.map((variable) => `#export ${variable}=`),
    '',
  ].join('\n');
  return { path: `openrc/conf.d/${name}`, text, mode: 0o600, once: true };
}

function evaluated(words: readonly string[]): string {
  return words.map(evalWord).join(' ');
}

function respawn({ restart: { delayMs, backoffMinMs, giveUp } }: AppPlan): string[] {
  return [
    `respawn_delay=${Math.max(1, Math.ceil(Math.max(delayMs, backoffMinMs) / 1000))}`,
    '# Given up when it ends more often than this within this time.',
    `respawn_max=${Math.max(1, giveUp.crashes - 1)}`,
    `respawn_period=${Math.max(1, Math.ceil(giveUp.withinMs / 1000))}`,
  ];
}

function limits({ rights, memory }: AppPlan): string[] {
  const { umask, ulimits, cpu, pids } = rights;
  const groups = [
    ...(memory.hardBytes === null ? [] : [`memory.max ${memory.hardBytes}`]),
    ...(memory.softBytes === null ? [] : [`memory.high ${memory.softBytes}`]),
    ...(cpu === null ? [] : [`cpu.max ${Math.max(1000, Math.round(cpu * 100_000))} 100000`]),
    ...(pids === null ? [] : [`pids.max ${pids}`]),
  ];
  return [
    ...(umask === null ? [] : [`umask=${umask.toString(8).padStart(4, '0')}`]),
    ...(ulimits.nofile === undefined ? [] : [`rc_ulimit='-n ${ulimits.nofile}'`]),
    ...(groups.length > 0
      ? [
          '# Where cgroups are of version 2 (rc_cgroup_mode=unified).',
          `rc_cgroup_settings='\n${groups.join('\n')}\n'`,
        ]
      : []),
  ];
}

const fates: InitFates = {
  after: 'kept',
  secrets: 'kept',
  autostart: 'kept',
  readyTimeoutMs: (_, app) => readyLost(app.ready, app),
  ready: readyLost,
  watchdogMs: (ms) => (ms === null ? undefined : 'nobody notices a blocked event loop'),
  stop: ({ message, signal, ends }) => ({
    message: message ? `it gets ${signal} instead` : undefined,
    ends: ends === 'tree' ? undefined : 'OpenRC may also end what it started',
  }),
  restart: (restart, { job }) => (job ? undefined : restartLost(restart)),
  job: (job) => (job ? 'nothing starts it by the clock: put it into crontab(5)' : undefined),
  memory: ({ softBytes }) => ({
    soft: softBytes === null ? undefined : 'above it the kernel slows it down; it is not replaced',
  }),
  rights: (rights) => ({
    ...rightsLost(rights, {}),
    ulimits: Object.keys(rights.ulimits).some((name) => name !== 'nofile') ? 'only nofile is set' : undefined,
  }),
  pidFile: (path) => (path === null ? undefined : 'OpenRC keeps the pid itself'),
  log: () => 'lines go to /var/log, where logrotate can rotate them',
};

function restartLost({
  when,
  stopCodes,
  max,
  early,
  at,
}: AppPlan['restart']): Record<string, string | undefined> {
  const backoff = 'the pause does not grow, so that `giveUpAfter` is reached sooner';
  return {
    backoff,
    minUptime: backoff,
    when: when === 'always' ? undefined : 'it is started again after every exit',
    stopCodes: stopCodes.length > 0 ? 'it is started again after every exit' : undefined,
    max: max === null ? undefined : 'restarts are counted by `giveUpAfter` only',
    early: early === 'give-up' ? 'an early exit is an exit like others' : undefined,
    cron: at ? 'nothing restarts it by the clock' : undefined,
  };
}
