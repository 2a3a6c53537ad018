/** Files with the users of a site, which a person fills in. */
import { basename } from 'node:path';

export function usersFile(host: string): string {
  return `users.${host.replaceAll('*', '_')}.cfg`;
}

/** It is written when there is none, and never again. */
export function isUsersFile(path: string): boolean {
  return /^users\..+\.cfg$/.test(basename(path));
}
