/** The source of a release into its directory: files of its own, which the build may change. */
import { chmod, mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Source } from './seams.ts';
import type { TreeFile } from './tree.ts';

/** Files at a time; more only wait for the disk. */
const AT_ONCE = 16;

/** @returns bytes */
export async function unpack(source: Source, dir: string, signal: AbortSignal): Promise<number> {
  const files = source.tree.entries.filter((entry): entry is TreeFile => entry.kind === 'file');
  const parents = new Set(source.tree.entries.map(({ path }) => dirname(join(dir, path))));
  for (const parent of parents) await mkdir(parent, { recursive: true, mode: 0o755 });
  const queue = files.values();
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const file of queue) {
      signal.throwIfAborted();
      await write(source, file, join(dir, file.path));
    }
  });
  await Promise.all(workers);
  for (const entry of source.tree.entries) {
    if (entry.kind === 'link') await symlink(entry.target, join(dir, entry.path));
  }
  return files.reduce((sum, { size }) => sum + size, 0);
}

async function write(source: Source, file: TreeFile, path: string): Promise<void> {
  // Never through a link: what is there already is not ours.
  const handle = await open(path, 'wx', 0o644);
  try {
    for await (const chunk of source.read(file)) await handle.write(chunk);
  } finally {
    await handle.close();
  }
  // Whatever the umask.
  await chmod(path, file.executable ? 0o755 : 0o644);
}
