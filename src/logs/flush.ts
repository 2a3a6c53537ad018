import { rmSync, statSync, truncateSync } from 'node:fs';
import { leftovers, logFile, rotatedFiles } from './log-files.ts';

/** Empties the log of an app: what was rotated is removed, what is being written is cut, which its writer takes notice of. */
export function flushLog(dir: string, app: string): void {
  const file = logFile(dir, app);
  const { temporary, doubled } = leftovers(file);
  const rotated = rotatedFiles(file).map(({ path }) => path);
  for (const path of [...rotated, ...temporary, ...doubled]) rmSync(path, { force: true });
  if (statSync(file, { throwIfNoEntry: false })) truncateSync(file);
}
