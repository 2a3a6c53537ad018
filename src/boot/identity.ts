/** Becoming the user who Holdfast runs as, for inits that leave that to the script; and the right to ports below 1024. */
import { shellQuote } from '../kit/quote.ts';
import { type BootSite, isRoot, launcherPath } from './site.ts';

const PORTS_CAPABILITY = '+net_bind_service';

/**
 * A command line for sh that runs the launcher as the right user. setpriv(1) gives that user the one capability that ports below 1024
 * need and takes all others away; `other` is what the init brings along for systems without setpriv.
 */
export function launchCommand(site: BootSite, other: readonly string[], verb: readonly string[]): string {
  const launch = [launcherPath(site.home), ...verb];
  if (isRoot(site)) return quoted(launch);
  if (site.programs.has('setpriv')) return quoted([...setpriv(site), ...launch]);
  if (other.length > 0) return quoted([...other, ...launch]);
  return quoted(['su', '-s', '/bin/sh', site.user.name, '-c', quoted(['exec', ...launch])]);
}

function setpriv({ user }: BootSite): string[] {
  return [
    'setpriv',
    `--reuid=${user.name}`,
    `--regid=${user.group}`,
    '--init-groups',
    `--inh-caps=-all,${PORTS_CAPABILITY}`,
    `--ambient-caps=-all,${PORTS_CAPABILITY}`,
    '--',
  ];
}

function quoted(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

/** What to say about ports below 1024 where the init does not give the right to them by itself. */
export function portNotes(site: BootSite): string[] {
  if (isRoot(site)) return [];
  if (site.programs.has('setpriv'))
    return [
      `Ports below 1024: ${site.user.name} gets the capability CAP_NET_BIND_SERVICE and no other (setpriv).`,
    ];
  return [
    'Ports below 1024: setpriv is not installed here. To use them without root: `sysctl -w net.ipv4.ip_unprivileged_port_start=80` (and the same line in /etc/sysctl.d/).',
  ];
}
