/** s6-supervise, s6-svscan, s6-log of skarnet.org: as runit, with readiness told through a descriptor. */

import { shellQuote } from '../../kit/quote.ts';
import { launchCommand, portNotes } from '../identity.ts';
import { type BootFile, type BootPlan, type BootSite, markFor, STOP_SECONDS } from '../site.ts';

const READY_FD = 4;

export function s6(site: BootSite): BootPlan {
  const scanDir = site.scanDir ?? '/run/service';
  const link = `${scanDir}/${site.name}`;
  const dir = `/etc/s6/sv/${site.name}`;
  const logDir = `/var/log/${site.name}`;
  const file = (path: string, text: string, mode: number): BootFile => ({
    path,
    content: { text, mode },
  });
  const program = (path: string, lines: readonly string[]): BootFile =>
    file(path, ['#!/bin/sh', `# ${markFor(site)}`, ...lines, ''].join('\n'), 0o755);
  const setuid = site.programs.has('s6-setuidgid') ? ['s6-setuidgid', site.user.name] : [];
  return {
    files: [
      program(`${dir}/run`, [
        'exec 2>&1',
        `export HOLDFAST_READY_FD=${READY_FD}`,
        `exec ${launchCommand(site, setuid, ['run'])}`,
      ]),
      program(`${dir}/log/run`, [
        `mkdir -p ${shellQuote(logDir)}`,
        `exec s6-log t n10 s1000000 ${shellQuote(logDir)}`,
      ]),
      file(`${dir}/notification-fd`, `${READY_FD}\n`, 0o644),
      { path: link, content: { link: dir } },
      ...bootLink(site, scanDir, dir),
    ],
    leftovers: [`${dir}/supervise`, `${dir}/event`, `${dir}/log/supervise`, `${dir}/log/event`],
    enable: [{ command: ['s6-svscanctl', '-a', scanDir] }],
    start: [{ command: ['sh', '-c', START, 'sh', link] }],
    renew: [{ command: ['s6-svc', '-wR', '-T', '30000', '-ru', link] }],
    wake: ['s6-svc', '-u', link],
    disable: [{ command: ['s6-svc', '-wD', '-T', String(STOP_SECONDS * 1000), '-d', link], mayFail: true }],
    forget: [{ command: ['s6-svscanctl', '-an', scanDir], mayFail: true }],
    status: { command: ['sh', '-c', 's6-svstat -o up "$1" | grep -q true', 'sh', link] },
    notes: [
      `The script's own messages go to ${logDir}, those of the daemon to daemon.log.`,
      ...portNotes(site),
    ],
  };
}

/** s6-linux-init fills its scan directory, which is in memory, from this one at every boot. */
function bootLink(site: BootSite, scanDir: string, dir: string): BootFile[] {
  if (scanDir !== '/run/service' || !site.programs.has('s6-linux-init')) return [];
  const image = '/etc/s6-linux-init/current/run-image/service';
  return [{ path: `${image}/${site.name}`, content: { link: dir } }];
}

/** The supervisor of the service may have to be started first. */
const START =
  'n=0; until [ -p "$1/supervise/control" ] || [ $n -ge 15 ]; do sleep 1; n=$((n + 1)); done; s6-svc -u "$1"';
