/**
 * The programs through which a process gets its rights. Each changes one thing and then becomes the next (execve), so pid, session
 * and open descriptors stay what they are, and the last one is the app. Pure.
 */
import type { RightsPlan } from '../config/plan.ts';
import type { Identity } from './identity.ts';
import type { Machine } from './machine.ts';

/** What only the process itself can do; it does so before it gives up being root. A limit that cannot be had ends it. */
const PREPARE = [
  'fail() { echo "holdfast: cannot $1" >&2; exit 125; }',
  'if [ -n "$1" ]; then echo $$ >"$1/cgroup.procs" || fail "join the cgroup $1"; fi',
  'if [ -n "$2" ]; then umask "$2" || fail "set the umask $2"; fi',
  'if [ -n "$3" ]; then echo "$3" >/proc/self/oom_score_adj || fail "set the OOM score $3"; fi',
  'shift 3',
  'exec "$@"',
].join('\n');

/**
 * @param command the program and its arguments
 * @param cgroup directory of the cgroup to join; null = stay
 */
export function chained(
  command: readonly string[],
  rights: RightsPlan,
  identity: Identity | null,
  cgroup: string | null,
  machine: Machine,
): string[] {
  return [
    ...prepare(rights, cgroup, machine),
    ...niceness(rights, machine),
    ...limits(rights, machine),
    ...become(identity, machine),
    ...command,
  ];
}

function prepare({ umask, oomScore }: RightsPlan, cgroup: string | null, machine: Machine): string[] {
  if (cgroup === null && umask === null && oomScore === null) return [];
  const mask = umask === null ? '' : umask.toString(8).padStart(4, '0');
  return [program('sh', machine), '-c', PREPARE, 'holdfast', cgroup ?? '', mask, String(oomScore ?? '')];
}

function niceness({ nice }: RightsPlan, machine: Machine): string[] {
  if (nice === null) return [];
  // The program counts from where we are.
  const step = nice - machine.niceness();
  return step === 0 ? [] : [program('nice', machine), '-n', String(step)];
}

function limits({ ulimits }: RightsPlan, machine: Machine): string[] {
  const options = Object.entries(ulimits).map(([name, value]) => `--${name}=${value}:${value}`);
  return options.length === 0 ? [] : [program('prlimit', machine), ...options];
}

/** The part of the chain after which it is another user. */
export function become(identity: Identity | null, machine: Machine): string[] {
  if (!identity) return [];
  const { account, gid } = identity;
  const setpriv = [program('setpriv', machine), `--regid=${gid}`];
  if (!account) return [...setpriv, '--keep-groups', '--'];
  // Also the supplementary groups, which Node's own `uid` option would drop.
  const groups = account.name === null ? '--clear-groups' : '--init-groups';
  return [...setpriv, `--reuid=${account.name ?? account.uid}`, groups, '--inh-caps=-all', '--'];
}

function program(name: string, machine: Machine): string {
  return machine.program(name) ?? name;
}
