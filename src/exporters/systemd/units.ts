/** Unit files of services, systemd.service(5), systemd.exec(5), systemd.kill(5), systemd.resource-control(5). Pure. */
import type { AppPlan, RestartPlan, StopPlan } from '../../config/plan.ts';
import { systemdQuote, systemdWord } from '../../kit/quote.ts';
import type { ExportOptions } from '../exported.ts';
import { envFilePath } from '../services/env-file.ts';
import { programOf, type Service, serviceName } from '../services/service.ts';
import { hardening } from './hardening.ts';
import { type Helped, preloadPath } from './helped.ts';

export type Section = readonly [title: string, ...lines: string[]];

export function renderUnit(head: readonly string[], sections: readonly Section[]): string {
  return [
    // A line that goes on would be no comment.
    ...head.map((line) => `# ${line.replace(CONTROL, ' ')}`.replace(/[\\\s]+$/, '')),
    ...sections.flatMap(([title, ...lines], index) => [
      ...(index > 0 || head.length > 0 ? [''] : []),
      `[${title}]`,
      ...lines,
    ]),
    '',
  ].join('\n');
}

/** `holdfast-web@3000.service`; without a port `holdfast-web.service`. */
export function unitName({ app, port }: Service, options: ExportOptions): string {
  const base = serviceName(app.name, options);
  return port === null ? `${base}.service` : `${base}@${port}.service`;
}

/** Of the file that describes all instances. */
export function unitFile({ app, port }: Service, options: ExportOptions): string {
  return `${serviceName(app.name, options)}${port === null ? '' : '@'}.service`;
}

/**
 * @param service the first instance: the others differ in their port, which is the name of the instance
 * @param after units that it needs
 * @param help what is loaded into it for systemd
 */
export function serviceUnit(
  service: Service,
  after: readonly string[],
  help: Helped | null,
  options: ExportOptions,
): readonly Section[] {
  const { app, port } = service;
  const target = `${options.name}.target`;
  const socketOf = (instance: string) => `${serviceName(app.name, options)}@${instance}.socket`;
  const title = `${systemdPath(app.name)}${port === null ? '' : ' on port %i'}${app.job ? ' (job)' : ''}`;
  return [
    [
      'Unit',
      `Description=${title}`,
      'After=network.target',
      ...(after.length > 0
        ? [
            '# Not before these, and not without them.',
            `Requires=${after.join(' ')}`,
            `After=${after.join(' ')}`,
          ]
        : []),
      ...(help?.socket
        ? ['# It holds the port: who comes while the app restarts waits.', `Requires=${socketOf('%i')}`]
        : []),
      ...(app.job
        ? ['# The clock may start it as often as it says.', 'StartLimitIntervalSec=0']
        : [`# Stopped and restarted with all others.`, `PartOf=${target}`, ...giveUp(app.restart)]),
    ],
    [
      'Service',
      ...type(app, help),
      ...command(service, help, options),
      `WorkingDirectory=${systemdPath(app.cwd)}`,
      ...identity(service),
      '',
      ...environment(service, options),
      ...readiness(app, help),
      '',
      ...(app.job ? [] : restart(app.restart)),
      ...stop(app.stop),
      ...limits(app),
      '',
      ...hardening(service),
    ],
    ...(app.job || port === null || !app.autostart ? [] : [['Install', `WantedBy=${target}`] as const]),
  ];
}

function giveUp({ when, giveUp: { crashes, withinMs } }: RestartPlan): string[] {
  if (when === 'never') return [];
  return [
    `# Given up after so many starts within this time; then: systemctl reset-failed`,
    `StartLimitIntervalSec=${seconds(withinMs)}`,
    `StartLimitBurst=${crashes}`,
  ];
}

/** The socket of an instance, which systemd holds: the port is the name of the instance. */
export function socketUnit({ app }: Service, { name }: ExportOptions): readonly Section[] {
  return [
    ['Unit', `Description=Port %i of ${systemdPath(app.name)}`, `PartOf=${name}.target`],
    [
      'Socket',
      '# For the front on this machine.',
      'ListenStream=127.0.0.1:%i',
      'NoDelay=yes',
      '# As many as the kernel lets wait.',
      'Backlog=4096',
    ],
  ];
}

function type({ job, ready, readyTimeoutMs, watchdogMs, guest }: AppPlan, help: Helped | null): string[] {
  if (job) {
    return [
      'Type=oneshot',
      `TimeoutStartSec=${job.timeoutMs === null ? 'infinity' : seconds(job.timeoutMs)}`,
    ];
  }
  // With another type, the watchdog would count from the start on, while the app is still loading.
  const notifies = ready.by === 'notify' || help?.ready === true || help?.watchdog === true;
  const watched = watchdogMs !== null && (help?.watchdog === true || (ready.by === 'notify' && !guest));
  return [
    `Type=${notifies ? 'notify' : 'exec'}`,
    ...(notifies
      ? [
          '# Node has no datagram sockets of this kind: it is a helper that sends the messages.',
          'NotifyAccess=all',
        ]
      : []),
    ...(notifies ? [`TimeoutStartSec=${seconds(readyTimeoutMs)}`] : []),
    ...(watched
      ? [
          '# When its event loop is blocked for so long; without a core file.',
          `WatchdogSec=${seconds(watchdogMs)}`,
          'WatchdogSignal=SIGKILL',
        ]
      : []),
  ];
}

/** For what is loaded into it. */
function readiness({ ready }: AppPlan, help: Helped | null): string[] {
  if (help?.ready) return ['Environment=HOLDFAST_READY=listen'];
  return help?.watchdog && ready.by !== 'notify' ? ['Environment=HOLDFAST_READY=loaded'] : [];
}

function command({ app, env, port }: Service, help: Helped | null, options: ExportOptions): string[] {
  const [file, ...own] = programOf(app, options, (arg) => arg);
  const args = help ? ['--require', preloadPath(options), ...own] : own;
  // A `$` has been doubled.
  const words = args.map((arg) =>
    port === null ? systemdQuote(arg) : systemdQuote(arg).replaceAll(/\$\$(?:PORT\b|\{PORT\})/g, '%i'),
  );
  // What has no path is looked up in the PATH of the service, which only env(1) does.
  const program = file.startsWith('/') ? [file] : ['/usr/bin/env', file];
  const secrets = Object.keys(env.files);
  if (secrets.length === 0) {
    const [first = '', ...rest] = program;
    return [`ExecStart=${[systemdWord(first), ...rest.map(systemdQuote), ...words].join(' ')}`];
  }
  const script = [
    ...secrets.map((name) => `${name}=$(cat "$CREDENTIALS_DIRECTORY/${name}") && export ${name}`),
    'exec "$@"',
  ].join(' && ');
  return [
    '# systemd reads these as root (247 and later); the shell makes variables of them and becomes the app.',
    ...Object.entries(env.files).map(([name, path]) => `LoadCredential=${name}:${systemdPath(path)}`),
    `ExecStart=/bin/sh -c ${systemdQuote(script)} sh ${[...program.map(systemdQuote), ...words].join(' ')}`,
  ];
}

function identity({ user, group }: Service): string[] {
  return [
    ...(user === null ? [] : [`User=${systemdPath(user)}`]),
    ...(group === null ? [] : [`Group=${systemdPath(group)}`]),
  ];
}

function environment({ app, env, port }: Service, options: ExportOptions): string[] {
  const { PORT, HOLDFAST_INSTANCE, ...open } = env.open;
  return [
    ...Object.entries(open).map(([name, value]) => `Environment=${systemdWord(`${name}=${value}`)}`),
    ...(port === null
      ? PORT === undefined
        ? []
        : [`Environment=${systemdWord(`PORT=${PORT}`)}`]
      : ['Environment=PORT=%i']),
    ...(app.instances === 1 || app.job ? [`Environment=HOLDFAST_INSTANCE=${HOLDFAST_INSTANCE}`] : []),
    ...(env.secret.length > 0
      ? [`# ${env.secret.join(', ')}: to be filled in there.`, `EnvironmentFile=${envFilePath(app, options)}`]
      : []),
  ];
}

function restart({ when, stopCodes, delayMs, backoffMinMs, backoffMaxMs }: RestartPlan): string[] {
  if (when === 'never') return ['Restart=no'];
  // The pause does not grow: at 100 ms, a database that is away for a moment would use up the limit.
  const pause = Math.max(delayMs, backoffMinMs, Math.min(1000, backoffMaxMs));
  return [
    `Restart=${when}`,
    ...(when === 'on-failure'
      ? ['# To Holdfast every signal is a failure.', 'RestartForceExitStatus=SIGHUP SIGINT SIGTERM SIGPIPE']
      : []),
    `RestartSec=${seconds(pause)}`,
    ...(stopCodes.length > 0
      ? [
          '# It means by these that it is done.',
          `RestartPreventExitStatus=${stopCodes.join(' ')}`,
          `SuccessExitStatus=${stopCodes.join(' ')}`,
        ]
      : []),
  ];
}

/** Ends by these signals are in order anyhow, see systemd.service(5). */
const CLEAN = new Set(['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE']);

function stop({ signal, timeoutMs, ends }: StopPlan): string[] {
  return [
    ...(signal === 'SIGTERM' ? [] : [`KillSignal=${signal}`]),
    ...(CLEAN.has(signal) ? [] : [`SuccessExitStatus=${signal}`]),
    ends === 'tree'
      ? '# The signal is for the process itself; what it leaves behind is killed.'
      : '# What it started is left alone.',
    `KillMode=${ends === 'tree' ? 'mixed' : 'process'}`,
    `TimeoutStopSec=${seconds(timeoutMs)}`,
  ];
}

function limits({ memory, rights }: AppPlan): string[] {
  const { cpu, pids, nice, umask, oomScore, ulimits } = rights;
  const lines = [
    ...(memory.softBytes === null
      ? []
      : ['# Above this it is slowed down, not replaced.', `MemoryHigh=${memory.softBytes}`]),
    ...(memory.hardBytes === null ? [] : [`MemoryMax=${memory.hardBytes}`]),
    ...(cpu === null ? [] : [`CPUQuota=${Math.max(1, Math.round(cpu * 100))}%`]),
    ...(pids === null ? [] : [`TasksMax=${pids}`]),
    ...(nice === null ? [] : [`Nice=${nice}`]),
    ...(umask === null ? [] : [`UMask=${umask.toString(8).padStart(4, '0')}`]),
    ...(oomScore === null ? [] : [`OOMScoreAdjust=${oomScore}`]),
    ...Object.entries(ulimits).map(
      ([name, value]) => `Limit${name.toUpperCase()}=${value === 'unlimited' ? 'infinity' : value}`,
    ),
  ];
  return lines.length === 0 ? [] : ['', ...lines];
}

/** A value that goes to the end of its line: no quotes, but `%`; and neither line nor value may end elsewhere. */
export function systemdPath(path: string): string {
  const line = path.replaceAll('%', '%%').replace(CONTROL, ' ');
  return /[\\\s]$/.test(line) ? `${line}/` : line;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is searched.
const CONTROL = /[\x00-\x1f\x7f]/g;

/** Whole and parts of seconds, as systemd takes them. */
function seconds(ms: number): string {
  return String(ms / 1000);
}
