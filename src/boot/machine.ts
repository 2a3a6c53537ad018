/** Which init this machine has, and where that one keeps its services. Looks only; what it looks with comes in. */
import type { BootUser, Init } from './site.ts';

export interface Machine {
  readonly platform: NodeJS.Platform;
  exists(path: string): boolean;
  /** The program is in PATH or a directory of system programs. */
  has(program: string): boolean;
  /** Of process 1; empty where that is not known. */
  readonly firstProcess: string;
}

/** Programs that decide how a service is written. */
const PROGRAMS = ['setpriv', 'chpst', 's6-setuidgid', 's6-linux-init', 'update-rc.d', 'chkconfig'];

/** undefined where nothing known starts programs at boot, as in most containers. */
export function detectInit({ platform, exists, has, firstProcess }: Machine): Init | undefined {
  if (platform === 'darwin') return 'launchd';
  if (platform !== 'linux') return undefined;
  // What sd_booted(3) looks at.
  if (exists('/run/systemd/system')) return 'systemd';
  if (exists('/run/openrc/softlevel')) return 'openrc';
  if (firstProcess === 'runit' || firstProcess === 'runsvdir') return 'runit';
  if (firstProcess === 's6-svscan') return 's6';
  if (firstProcess !== 'init') return undefined;
  if (has('initctl') && exists('/etc/init')) return 'upstart';
  if (exists('/etc/init.d') && (has('update-rc.d') || has('chkconfig'))) return 'sysv';
  return undefined;
}

const scanDirs: Partial<Record<Init, readonly string[]>> = {
  runit: ['/var/service', '/etc/service', '/service', '/etc/runit/runsvdir/current'],
  s6: ['/run/service', '/service', '/var/run/service'],
};

/** null where there is no such thing, or none of the usual ones exists. */
export function detectScanDir(init: Init, { exists }: Pick<Machine, 'exists'>): string | null {
  return scanDirs[init]?.find(exists) ?? null;
}

export function programsOf({ has }: Pick<Machine, 'has'>): ReadonlySet<string> {
  return new Set(PROGRAMS.filter(has));
}

/** What the service is called when nobody says it: `holdfast`, and more where there may be several. */
export function serviceName(
  home: string,
  user: Pick<BootUser, 'name' | 'uid' | 'home'>,
  scope: 'system' | 'user',
): string {
  if (user.uid === 0 && home === '/var/lib/holdfast') return 'holdfast';
  const word = (text: string) => text.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '');
  if (home === `${user.home}/.holdfast`) return scope === 'user' ? 'holdfast' : `holdfast-${word(user.name)}`;
  return `holdfast-${word(home)}`;
}

/** The directories of PATH that will be there at the next boot. */
export function lastingPath(path: string): string {
  const passing = /^\/(tmp|run\/user|dev|proc)\/|fnm_multishells|node_modules\/\.bin/;
  const dirs = path.split(':').filter((dir) => dir.startsWith('/') && !passing.test(dir));
  return [...new Set([...dirs, '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'])].join(':');
}
