/** Exported files on disk. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExportedFile } from '../../exporters/exported.ts';

/** Answers their paths. */
export function writeBelow(dir: string, files: readonly ExportedFile[]): string[] {
  return files.map(({ path, text, mode }) => {
    const full = join(dir, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text, { mode });
    // Of a file that was there already, too.
    chmodSync(full, mode);
    return full;
  });
}
