/** launchd.plist(5) of macOS. */
import { xmlEscape } from '../../kit/quote.ts';
import { type BootPlan, type BootSite, launcherPath, markFor, STOP_SECONDS } from '../site.ts';

export function launchd(site: BootSite): BootPlan {
  const own = site.scope === 'user';
  const label = labelOf(site);
  const path = own
    ? `${site.user.home}/Library/LaunchAgents/${label}.plist`
    : `/Library/LaunchDaemons/${label}.plist`;
  const domain = own ? `gui/${site.user.uid}` : 'system';
  return {
    files: [{ path, content: { text: plist(site, label), mode: 0o644 } }],
    leftovers: [],
    enable: [{ command: ['launchctl', 'enable', `${domain}/${label}`] }],
    start: [{ command: ['launchctl', 'bootstrap', domain, path] }],
    renew: [
      { command: ['launchctl', 'bootout', `${domain}/${label}`], mayFail: true },
      { command: ['launchctl', 'bootstrap', domain, path] },
    ],
    wake: ['launchctl', 'kickstart', `${domain}/${label}`],
    disable: [{ command: ['launchctl', 'bootout', `${domain}/${label}`], mayFail: true }],
    forget: [],
    status: {
      command: ['sh', '-c', 'launchctl print "$1" | grep -q "state = running"', 'sh', `${domain}/${label}`],
    },
    notes: own
      ? [
          'It starts when you log in. To start with the machine: `sudo hold boot enable --user ' +
            `${site.user.name}\`.`,
        ]
      : [],
  };
}

function labelOf(site: BootSite): string {
  return `dev.holdfast.${site.name}`;
}

function plist(site: BootSite, label: string): string {
  const text = (value: string) => `<string>${xmlEscape(value)}</string>`;
  const log = text(`${site.home}/daemon.log`);
  const entries = [
    ['Label', text(label)],
    ['ProgramArguments', `<array>${text(launcherPath(site.home))}${text('run')}</array>`],
    ...(site.scope === 'user' ? [] : [['UserName', text(site.user.name)]]),
    ['RunAtLoad', '<true/>'],
    // Not after an end that was asked for.
    ['KeepAlive', '<dict><key>SuccessfulExit</key><false/></dict>'],
    // What else dies: the apps go on.
    ['AbandonProcessGroup', '<true/>'],
    ['ExitTimeOut', `<integer>${STOP_SECONDS}</integer>`],
    ['SoftResourceLimits', '<dict><key>NumberOfFiles</key><integer>65536</integer></dict>'],
    ['StandardOutPath', log],
    ['StandardErrorPath', log],
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    `<!-- ${xmlEscape(markFor(site)).replaceAll('--', '- -')} -->`,
    '<plist version="1.0">',
    '<dict>',
    ...entries.map(([key, value]) => `  <key>${key}</key>${value}`),
    '</dict>',
    '</plist>',
    '',
  ].join('\n');
}
