/** Where the program of a server is. */
import { findInPath } from '../../config/programs.ts';

/** Servers are not in everybody's PATH. */
const SYSTEM_PATHS = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin';

/** Absolute; null: none of these is installed. */
export function frontProgram(programs: readonly string[], path: string | undefined): string | null {
  const all = path === undefined ? SYSTEM_PATHS : `${path}:${SYSTEM_PATHS}`;
  for (const name of programs) {
    const found = findInPath(name, all);
    if (found !== undefined) return found;
  }
  return null;
}
