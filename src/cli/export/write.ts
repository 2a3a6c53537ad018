/** Exported files on disk. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExportedFile } from '../../exporters/exported.ts';

/** Answers the paths of those that it has written: not of what people have filled in. */
export function writeBelow(dir: string, files: readonly ExportedFile[]): string[] {
  return files.flatMap(({ path, text, mode, once }) => {
    const full = join(dir, path);
    if (once && existsSync(full)) return [];
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text, { mode });
    // Of a file that was there already, too.
    chmodSync(full, mode);
    return [full];
  });
}
