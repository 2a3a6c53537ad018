/** A user of this machine, other than root, as whom an app can run. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from './cleanup.ts';
import { installed } from './installed.ts';
import { requireProgram, unavailable } from './programs.ts';
import { root } from './root.ts';
import type { TestHome } from './test-home.ts';

export interface OtherUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** Numbers of all its groups, sorted. */
  readonly groups: readonly number[];
}

/** One with supplementary groups, if there is any. Undefined, and the test skipped, where root may not become another user. */
export function otherUser(t: Test, home: TestHome): OtherUser | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    unavailable(t, 'becoming another user needs Linux and root');
    return undefined;
  }
  if (!requireProgram(t, 'setpriv') || !requireProgram(t, 'prlimit')) return undefined;
  const user = accounts().sort((a, b) => b.groups.length - a.groups.length)[0];
  if (!user) {
    unavailable(t, 'there is no user besides root');
    return undefined;
  }
  // The directory of a test is closed to others.
  chmodSync(home.dir, 0o755);
  // So may be the one of the repository: then Holdfast runs from an installation beside the home.
  if (!mayRead(user, join(root, 'dist', 'guest', 'guest.cjs'))) home.use(installed(home.dir).bin);
  const closed = [process.execPath, home.dir].find((path) => !mayRead(user, path));
  if (closed === undefined) return user;
  unavailable(t, `"${closed}" is closed to the user "${user.name}"`);
  return undefined;
}

function accounts(): OtherUser[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([, , uid, , , home, shell]) => uid !== '0' && home !== undefined && shell !== undefined)
    .map(([name = '', , uid, gid, , home = '']) => {
      const groups = [...new Set([Number(gid), ...groupsOf(name)])].sort((a, b) => a - b);
      return { name, uid: Number(uid), gid: Number(gid), home, groups };
    });
}

function groupsOf(user: string): number[] {
  return readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([, , , members]) => members?.split(',').includes(user))
    .map(([, , gid]) => Number(gid));
}

function mayRead({ uid, gid }: OtherUser, path: string): boolean {
  try {
    execFileSync('setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', 'test', '-r', path]);
    return true;
  } catch {
    return false;
  }
}
