/** Machines for tests of what is pure: Linux, run by root, with everything installed, and what a test wants otherwise. */
import type { Machine } from '../../src/launch/machine.ts';

const USERS = [
  { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash' },
  { name: 'deploy', uid: 1000, gid: 1000, home: '/home/deploy', shell: '/bin/bash' },
  { name: 'www', uid: 33, gid: 33, home: '/var/www', shell: '/usr/sbin/nologin' },
];

export function machine(given: Partial<Machine> = {}): Machine {
  const uid = given.uid ?? 0;
  return {
    platform: 'linux',
    uid,
    gid: uid,
    nodeVersion: '24.1.0',
    nodePath: '/usr/bin/node',
    may: () => uid === 0,
    account(user) {
      const known = USERS.find((one) => one.name === user || String(one.uid) === user);
      if (known || !/^\d+$/.test(user)) return known;
      return { name: null, uid: Number(user), gid: null, home: '/', shell: '/bin/sh' };
    },
    group(group) {
      const known = USERS.find((one) => one.name === group)?.gid;
      return known ?? (/^\d+$/.test(group) ? Number(group) : undefined);
    },
    program: (name) => `/usr/bin/${name}`,
    niceness: () => 0,
    oomScore: () => 0,
    hardLimit: () => 4096,
    firstClosed: () => undefined,
    ...given,
  };
}
