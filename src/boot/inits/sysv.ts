/** Scripts in /etc/init.d with the header of the LSB. Nothing restarts them: the launcher does that itself (`--keep`). */

import { shellQuote } from '../../kit/quote.ts';
import { launchCommand, portNotes } from '../identity.ts';
import { type BootPlan, type BootSite, markFor, type Step } from '../site.ts';

export function sysv(site: BootSite): BootPlan {
  const { name } = site;
  const script = `/etc/init.d/${name}`;
  const log = `/var/log/${name}.log`;
  const has = (program: string) => site.programs.has(program);
  const chkconfig = has('chkconfig') && !has('update-rc.d');
  const add: Step = chkconfig
    ? { command: ['chkconfig', '--add', name] }
    : { command: ['update-rc.d', name, 'defaults'] };
  return {
    files: [{ path: script, content: { text: scriptText(site, log), mode: 0o755 } }],
    leftovers: [],
    enable: [add],
    start: [{ command: [script, 'start'] }],
    renew: [{ command: [script, 'restart'] }],
    wake: [script, 'start'],
    disable: [
      { command: [script, 'stop'], mayFail: true },
      ...(chkconfig ? [{ command: ['chkconfig', '--del', name] as const, mayFail: true }] : []),
    ],
    forget: chkconfig ? [] : [{ command: ['update-rc.d', name, 'remove'], mayFail: true }],
    status: { command: [script, 'status'] },
    notes: [`The script's own messages go to ${log}, those of the daemon to daemon.log.`, ...portNotes(site)],
  };
}

function scriptText(site: BootSite, log: string): string {
  // As that user also where root could do it: the launcher is that user's file.
  const launch = (...verb: string[]) => launchCommand(site, [], verb);
  return [
    '#!/bin/sh',
    '### BEGIN INIT INFO',
    `# Provides:          ${site.name}`,
    '# Required-Start:    $remote_fs $network',
    '# Required-Stop:     $remote_fs $network',
    '# Should-Start:      $named $time',
    '# Default-Start:     2 3 4 5',
    '# Default-Stop:      0 1 6',
    `# Short-Description: Holdfast (${site.home})`,
    '### END INIT INFO',
    '# chkconfig: 2345 90 10',
    `# description: Holdfast (${site.home})`,
    `# ${markFor(site)}`,
    '',
    'start() {',
    `  ${launch('running')} && return 0`,
    '  ulimit -n 65536 2>/dev/null',
    `  ${launch('run', '--keep')} </dev/null >>${shellQuote(log)} 2>&1 &`,
    '}',
    '',
    'case $1 in',
    '  start) start ;;',
    `  stop) ${launch('stop')} ;;`,
    `  restart | force-reload) ${launch('stop')}; start ;;`,
    '  status)',
    `    if ${launch('running')}; then echo "${site.name} is running"; else echo "${site.name} is not running"; exit 3; fi`,
    '    ;;',
    '  *) echo "usage: $0 start|stop|restart|force-reload|status" >&2; exit 2 ;;',
    'esac',
    '',
  ].join('\n');
}
