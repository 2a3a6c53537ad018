/** Users and groups of this machine, see passwd(5) and group(5). */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Account {
  /** null: only the number is known. */
  readonly name: string | null;
  readonly uid: number;
  /** Its primary group; null when only the number is known. */
  readonly gid: number | null;
  readonly home: string;
  readonly shell: string;
}

type Database = 'passwd' | 'group';

/** @param user a name, or a number, which need not be anybody's */
export function findAccount(user: string): Account | undefined {
  const known = lookUp('passwd', user, parseAccount);
  if (known || !/^\d+$/.test(user)) return known;
  return { name: null, uid: Number(user), gid: null, home: '/', shell: '/bin/sh' };
}

/** The number of a group. */
export function findGroup(group: string): number | undefined {
  const known = lookUp('group', group, parseGroup);
  return known?.gid ?? (/^\d+$/.test(group) ? Number(group) : undefined);
}

export function parseAccount(line: string, wanted: string): Account | undefined {
  const [name = '', , uid, gid, , home, shell] = line.split(':');
  // Also against lines such as `+::::::`, which mean a directory service, and would be root.
  if (shell === undefined || !isNumber(uid) || !isNumber(gid) || (name !== wanted && uid !== wanted)) {
    return undefined;
  }
  return { name, uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell || '/bin/sh' };
}

export function parseGroup(line: string, wanted: string): { readonly gid: number } | undefined {
  const [name, , gid] = line.split(':');
  return isNumber(gid) && (name === wanted || gid === wanted) ? { gid: Number(gid) } : undefined;
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d+$/.test(text);
}

/** In the files; what is not there may be in a directory service, which getent(1) asks. */
function lookUp<T>(
  database: Database,
  wanted: string,
  parse: (line: string, wanted: string) => T | undefined,
): T | undefined {
  for (const text of [() => readFileSync(`/etc/${database}`, 'utf8'), () => getent(database, wanted)]) {
    for (const line of quietly(text).split('\n')) {
      const found = parse(line, wanted);
      if (found) return found;
    }
  }
  return undefined;
}

function getent(database: Database, key: string): string {
  return execFileSync('getent', [database, key], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 5000,
  });
}

function quietly(text: () => string): string {
  try {
    return text();
  } catch {
    return '';
  }
}
