/** runsv(8), sv(8), svlogd(8): a directory with programs, and a link to it in the directory that runsvdir looks at. */

import { shellQuote } from '../../kit/quote.ts';
import { launchCommand, portNotes } from '../identity.ts';
import { type BootFile, type BootPlan, type BootSite, markFor, STOP_SECONDS } from '../site.ts';

export function runit(site: BootSite): BootPlan {
  const scanDir = site.scanDir ?? '/etc/service';
  const link = `${scanDir}/${site.name}`;
  const dir = `/etc/sv/${site.name}`;
  const logDir = `/var/log/${site.name}`;
  const groups = [site.user.group, ...site.user.groups.filter((group) => group !== site.user.group)];
  const chpst = ['chpst', '-u', [site.user.name, ...groups].join(':')];
  const program = (path: string, lines: readonly string[]): BootFile => ({
    path,
    content: { text: ['#!/bin/sh', `# ${markFor(site)}`, ...lines, ''].join('\n'), mode: 0o755 },
  });
  return {
    files: [
      program(`${dir}/run`, [
        'exec 2>&1',
        `exec ${launchCommand(site, site.programs.has('chpst') ? chpst : [], ['run'])}`,
      ]),
      program(`${dir}/log/run`, [`mkdir -p ${shellQuote(logDir)}`, `exec svlogd -tt ${shellQuote(logDir)}`]),
      { path: link, content: { link: dir } },
    ],
    leftovers: [`${dir}/supervise`, `${dir}/log/supervise`],
    // runsvdir looks every five seconds.
    enable: [],
    start: [{ command: ['sh', '-c', START, 'sh', link] }],
    renew: [{ command: ['sv', 'restart', link] }],
    wake: ['sv', 'up', link],
    disable: [
      { command: ['sv', '-w', String(STOP_SECONDS), 'down', link], mayFail: true },
      { command: ['sv', 'exit', link], mayFail: true },
    ],
    forget: [],
    status: { command: ['sh', '-c', 'sv status "$1" | grep -q ^run:', 'sh', link] },
    notes: [
      `The script's own messages go to ${logDir}, those of the daemon to daemon.log.`,
      ...portNotes(site),
    ],
  };
}

/** The supervisor of the service may have to be started first. */
const START =
  'n=0; until [ -p "$1/supervise/control" ] || [ $n -ge 15 ]; do sleep 1; n=$((n + 1)); done; sv up "$1"';
