/** The machine that we are on, and its users. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../errors.ts';
import type { Machine } from './machine.ts';
import type { BootUser } from './site.ts';

export function thisMachine(env: NodeJS.ProcessEnv): Machine {
  const dirs = [...(env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin', '/command'];
  return {
    platform: process.platform,
    exists: existsSync,
    has: (program) => dirs.some((dir) => dir !== '' && isExecutable(join(dir, program))),
    firstProcess: firstProcess(),
  };
}

/** BAD_REQUEST for a name that nobody has. */
export function lookUpUser(name: string): BootUser {
  if (!/^[a-z_][\w.-]*\$?$/i.test(name)) throw unknownUser(name);
  const id = (...options: string[]) => {
    const { status, stdout } = spawnSync('id', [...options, name], { encoding: 'utf8' });
    if (status !== 0) throw unknownUser(name);
    return stdout.trim();
  };
  const uid = Number(id('-u'));
  // The shell knows the home directories of all users, wherever they are kept.
  const { stdout } = spawnSync('/bin/sh', ['-c', `echo ~${name}`], { encoding: 'utf8' });
  return { name, uid, group: id('-gn'), groups: id('-Gn').split(' '), home: stdout.trim() };
}

function unknownUser(name: string): HoldfastError {
  return new HoldfastError('USAGE', `There is no user "${name}" on this machine`, {
    hint: 'Name an existing user with `--user`',
  });
}

function firstProcess(): string {
  try {
    return readFileSync('/proc/1/comm', 'utf8').trim();
  } catch {
    return '';
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
