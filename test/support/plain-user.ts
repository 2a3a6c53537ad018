import { execFileSync } from 'node:child_process';
import { chownSync, readFileSync } from 'node:fs';
import type { Test } from './cleanup.ts';
import { requireProgram, unavailable } from './programs.ts';
import { script } from './scripts.ts';
import type { TestHome } from './test-home.ts';

/** nobody */
const UID = 65534;

export interface PlainUser {
  /** To be given as `node` to commands: Node as a user whom the limits apply to. */
  readonly node: string;
  /** Lets a process start no other processes (`false`), or as many as it likes. */
  mayStart(pid: number, allowed: boolean): void;
}

/** Another user than root, who is limited by nothing. Undefined, and the test skipped, where that is not possible. */
export function plainUser(t: Test, home: TestHome): PlainUser | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    unavailable(t, 'becoming another user needs Linux and root');
    return undefined;
  }
  const setpriv = requireProgram(t, 'setpriv');
  const prlimit = requireProgram(t, 'prlimit');
  if (!setpriv || !prlimit) return undefined;
  chownSync(home.dir, UID, UID);
  // The repository and the directory of the tests may be closed to other users.
  const rights = '+dac_override';
  const user = `--reuid=${UID} --regid=${UID} --clear-groups --inh-caps=${rights} --ambient-caps=${rights}`;
  const node = script(home, 'node', `#!/bin/sh\nexec ${setpriv} ${user} ${process.execPath} "$@"\n`, 0o755);
  return {
    node,
    mayStart(pid, allowed) {
      // The limit that the user can raise again (RLIMIT_NPROC, the soft one); root in a container may not change another user's.
      const limit = allowed ? hardLimit(pid) : '1';
      execFileSync(setpriv, [...user.split(' '), prlimit, '--pid', String(pid), `--nproc=${limit}:`]);
    },
  };
}

function hardLimit(pid: number): string {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  return /^Max processes +\S+ +(\S+)/m.exec(limits)?.[1] ?? 'unlimited';
}
