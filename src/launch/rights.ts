/** Is there the right to do what a plan asks for? Answered before anything is changed, with what exactly is missing. */

import { resolve } from 'node:path';
import type { AppPlan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import { become } from './chain.ts';
import { accountName, identityOf } from './identity.ts';
import { limitNames, type Machine } from './machine.ts';
import { nodeOf } from './node.ts';

type Asking = Pick<AppPlan, 'name' | 'command' | 'cwd' | 'rights' | 'node'>;
type Check = (plan: Asking, machine: Machine) => readonly string[];

/**
 * Full sentences; none when all can be had. Limits by cgroup are not among them: without those an app starts all the same.
 *
 * @param preload what is loaded into the app before its own code, and must be open to its user
 */
export function checkRights(plan: Asking, machine: Machine, preload: string | null = null): string[] {
  if (machine.platform === 'win32') return [];
  const missing = [accounts, priority, oomScore, ulimits, programs, permissions].flatMap((check) =>
    check(plan, machine),
  );
  return missing.length > 0 ? missing : files(plan, machine, preload);
}

/** @throws HoldfastError RIGHTS_MISSING */
export function requireRights(plan: Asking, machine: Machine, preload: string | null = null): void {
  const [first, ...more] = checkRights(plan, machine, preload);
  if (first !== undefined) throw new HoldfastError('RIGHTS_MISSING', first, { details: more });
}

const accounts: Check = ({ name, rights }, machine) => {
  const { user, group } = rights;
  const cannot = (as: string) => `Cannot run "${name}" as ${as}`;
  const account = user === null ? undefined : machine.account(user);
  if (user !== null && !account) return [`${cannot(`"${user}"`)}: this machine has no user of that name`];
  if (group !== null && machine.group(group) === undefined)
    return [`${cannot(`the group "${group}"`)}: this machine has no group of that name`];
  const identity = identityOf(rights, machine);
  if (!identity) return [];
  const what = identity.account ? 'user' : 'group';
  const as = identity.account ? `"${user}"` : `the group "${group}"`;
  if (identity.account?.gid === null && group === null)
    return [`${cannot(as)}: no user has this number, so \`group\` must say which group is meant`];
  const may = machine.may('setgid') && (what === 'group' || machine.may('setuid'));
  if (!may)
    return [`${cannot(as)}: Holdfast runs as "${selfName(machine)}", and only root may change the ${what}`];
  return [];
};

const priority: Check = ({ name, rights: { nice } }, machine) => {
  if (nice === null || nice >= machine.niceness() || machine.may('nice')) return [];
  return [
    `Cannot give "${name}" the priority ${nice}: Holdfast has ${machine.niceness()} itself, and only root may go before that`,
  ];
};

const oomScore: Check = ({ name, rights: { oomScore: wanted } }, machine) => {
  if (wanted === null) return [];
  if (machine.platform !== 'linux') return [`Cannot give "${name}" an oomScore: only Linux has that`];
  if (wanted >= machine.oomScore() || machine.may('resource')) return [];
  return [
    `Cannot give "${name}" the oomScore ${wanted}: Holdfast has ${machine.oomScore()} itself, and only root may go below that`,
  ];
};

const ulimits: Check = ({ name, rights }, machine) =>
  Object.entries(rights.ulimits).flatMap(([limit, value]) => {
    if (!limitNames.includes(limit))
      return [`Cannot set the limit "${limit}" of "${name}": there is none of that name`];
    const hard = machine.hardLimit(limit);
    if (hard === undefined || machine.may('resource')) return [];
    if (hard === 'unlimited' || (value !== 'unlimited' && value <= hard)) return [];
    return [`Cannot set the limit "${limit}" of "${name}" to ${value}: this user may have ${hard} at most`];
  });

const NEEDED: Readonly<Record<string, string>> = {
  setpriv: 'Debian, Ubuntu and Fedora have it in "util-linux", Alpine in "setpriv"',
  prlimit: 'it is in the package "util-linux"',
};

const programs: Check = ({ name, rights }, machine) => {
  const identity = identityOf(rights, machine);
  const needed = [
    ...(identity ? ['setpriv'] : []),
    ...(Object.keys(rights.ulimits).length > 0 ? ['prlimit'] : []),
  ];
  return needed
    .filter((program) => machine.program(program) === undefined)
    .map((program) => {
      const what = program === 'setpriv' ? `run "${name}" as another user` : `set the limits of "${name}"`;
      const why = machine.platform === 'linux' ? NEEDED[program] : 'only Linux has it';
      return `Cannot ${what}: the program "${program}" is missing; ${why}`;
    });
};

const permissions: Check = ({ name, command, rights }) => {
  if (!rights.permissions || command.node) return [];
  return [
    `Cannot restrict "${name}" by \`permissions\`: they are a part of Node, and "${command.file}" is another program`,
  ];
};

/** Can its user reach what it consists of? Asked last, because it takes a process. */
function files(plan: Asking, machine: Machine, preload: string | null): string[] {
  const { name, command, cwd, rights } = plan;
  const identity = identityOf(rights, machine);
  if (!identity?.account) return [];
  const program = command.node ? [nodeOf(plan, machine).path, ...(preload ? [preload] : [])] : [];
  const own = command.file.includes('/') ? [resolve(cwd, command.file)] : [];
  const closed = machine.firstClosed(become(identity, machine), { enter: [cwd], read: [...program, ...own] });
  if (!closed) return [];
  const user = accountName(identity.account);
  const ours = program.some((path) => `${path}/`.startsWith(`${closed.path}/`));
  const remedy = ours
    ? 'install Node and Holdfast where every user can reach them, such as /usr/local'
    : 'move the app to where its user can reach it, or open that directory to it';
  return [`Cannot run "${name}" as "${user}": "${user}" may not ${closed.what} "${closed.path}"; ${remedy}`];
}

function selfName(machine: Machine): string {
  const self = machine.account(String(machine.uid));
  return self ? accountName(self) : String(machine.uid);
}
