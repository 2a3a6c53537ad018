/** systemd.service(5), systemd.exec(5), systemd.kill(5). */
import { systemdQuote } from '../../kit/quote.ts';
import {
  type BootPlan,
  type BootSite,
  isRoot,
  launcherPath,
  markFor,
  STOP_SECONDS,
  type Step,
} from '../site.ts';

export function systemd(site: BootSite): BootPlan {
  const unit = `${site.name}.service`;
  const own = site.scope === 'user';
  const path = own ? `${site.user.home}/.config/systemd/user/${unit}` : `/etc/systemd/system/${unit}`;
  const systemctl = (...words: string[]): Step => ({
    command: ['systemctl', ...(own ? ['--user'] : []), ...words],
  });
  const linger: Step[] = own ? [{ command: ['loginctl', 'enable-linger', site.user.name] }] : [];
  return {
    files: [{ path, content: { text: unitText(site), mode: 0o644 } }],
    leftovers: [],
    enable: [systemctl('daemon-reload'), systemctl('enable', unit), ...linger],
    start: [systemctl('start', unit)],
    renew: [systemctl('restart', unit)],
    wake: systemctl('start', unit).command,
    disable: [{ ...systemctl('disable', '--now', unit), mayFail: true }],
    forget: [systemctl('daemon-reload'), { ...systemctl('reset-failed', unit), mayFail: true }],
    status: systemctl('is-active', '--quiet', unit),
    notes: notes(site),
  };
}

function unitText(site: BootSite): string {
  const own = site.scope === 'user';
  const launcher = launcherPath(site.home);
  const sections = [
    [
      '[Unit]',
      `Description=Holdfast (${site.home})`.replaceAll('%', '%%'),
      ...(own
        ? []
        : [
            'After=network-online.target remote-fs.target nss-lookup.target time-sync.target',
            'Wants=network-online.target',
            `RequiresMountsFor=${systemdQuote(site.home)}`,
          ]),
      '# It is tried again for ever.',
      'StartLimitIntervalSec=0',
    ],
    [
      '[Service]',
      '# Ready when every app runs, or has had its first attempt. The script speaks through systemd-notify.',
      'Type=notify',
      'NotifyAccess=all',
      `ExecStart=${systemdQuote(launcher)} run`,
      ...(own || isRoot(site) ? [] : [`User=${site.user.name}`, `Group=${site.user.group}`]),
      'Restart=on-failure',
      'RestartSec=1',
      'TimeoutStartSec=300',
      '# SIGTERM goes to the script, which has Holdfast end the apps, each with its own time. Whatever else dies:',
      '# the apps go on, and the next daemon adopts them.',
      'KillMode=process',
      `TimeoutStopSec=${STOP_SECONDS}`,
      '# Apps that run out of memory are a matter of Holdfast: systemd would end all of them.',
      'OOMPolicy=continue',
      '# For the limits of single apps.',
      'Delegate=yes',
      'TasksMax=infinity',
      'LimitNOFILE=524288',
      ...hardening(site),
    ],
    ['[Install]', `WantedBy=${own ? 'default.target' : 'multi-user.target'}`],
  ];
  return [`# ${markFor(site)}`, ...sections.flatMap((lines) => ['', ...lines]), ''].join('\n');
}

/** As much as ordinary apps do not notice. Not MemoryDenyWriteExecute: V8 needs it; not RestrictNamespaces: browsers need them. */
function hardening(site: BootSite): string[] {
  if (site.scope === 'user') return [];
  const always = [
    'ProtectSystem=true',
    'ProtectClock=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'LockPersonality=yes',
    'RestrictRealtime=yes',
    'SystemCallArchitectures=native',
    'SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap',
    'SystemCallErrorNumber=EPERM',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  ];
  if (isRoot(site)) return ['# What no app needs.', ...always];
  return [
    '# Ports below 1024 without root; no other right, and no way to get one.',
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
    'NoNewPrivileges=yes',
    'RestrictSUIDSGID=yes',
    '# What no app needs.',
    ...always,
  ];
}

function notes(site: BootSite): string[] {
  if (site.scope === 'user') {
    return [
      `Holdfast will run without being logged in: lingering is turned on for ${site.user.name}.`,
      'Ports below 1024 are not possible this way. For them: `sudo hold boot enable --user ' +
        `${site.user.name}\`, which makes a service of the system that runs as you.`,
    ];
  }
  if (isRoot(site)) return [];
  return [
    `Ports below 1024: ${site.user.name} gets the capability CAP_NET_BIND_SERVICE and no other.`,
    `Apps cannot become another user any more (sudo, setuid programs). To allow it: \`systemctl edit ${site.name}\`.`,
  ];
}
