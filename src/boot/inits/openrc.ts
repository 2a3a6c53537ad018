/** openrc-run(8), supervise-daemon(8). */

import { shellQuote } from '../../kit/quote.ts';
import { launchCommand, portNotes } from '../identity.ts';
import { type BootPlan, type BootSite, markFor, STOP_SECONDS } from '../site.ts';

export function openrc(site: BootSite): BootPlan {
  const { name } = site;
  const log = `/var/log/${name}.log`;
  // OpenRC evaluates the words once more.
  const words = `-c ${shellQuote(`exec ${launchCommand(site, [], ['run'])}`)}`;
  const text = [
    '#!/sbin/openrc-run',
    `# ${markFor(site)}`,
    'name=Holdfast',
    `description=${shellQuote(`Holdfast (${site.home})`)}`,
    'supervisor=supervise-daemon',
    'command=/bin/sh',
    `command_args=${shellQuote(words)}`,
    '# It is tried again for ever.',
    'respawn_delay=1',
    'respawn_max=0',
    '# Holdfast ends the apps, each with its own time.',
    `retry=TERM/${STOP_SECONDS}`,
    `output_log=${log}`,
    `error_log=${log}`,
    'rc_ulimit="-n 65536"',
    '',
    'depend() {',
    '  need localmount',
    '  use net dns logger netmount',
    '  after bootmisc firewall ntp-client',
    '}',
    '',
  ].join('\n');
  return {
    files: [{ path: `/etc/init.d/${name}`, content: { text, mode: 0o755 } }],
    leftovers: [],
    enable: [{ command: ['rc-update', 'add', name, 'default'] }],
    start: [{ command: ['rc-service', name, 'start'] }],
    renew: [{ command: ['rc-service', name, 'restart'] }],
    wake: ['rc-service', name, 'start'],
    disable: [
      { command: ['rc-service', name, 'stop'], mayFail: true },
      { command: ['rc-update', 'del', name, 'default'], mayFail: true },
    ],
    forget: [],
    status: { command: ['rc-service', '--quiet', name, 'status'] },
    notes: [`The script's own messages go to ${log}, those of the daemon to daemon.log.`, ...portNotes(site)],
  };
}
