/** Where profiles are kept: the newest ones, and not too much of them. */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ProfileKind } from '../protocol/profile.ts';

const KEEP_FILES = 50;
const KEEP_BYTES = 1024 ** 3;

/** As Chrome DevTools wants them to be called. */
const ENDINGS: Readonly<Record<ProfileKind, string>> = {
  cpu: 'cpuprofile',
  heap: 'heapsnapshot',
  alloc: 'heapprofile',
  report: 'report.json',
};

export interface KeptFile {
  readonly name: string;
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** Makes sure that the directory is there. `sweep`: what is half-done in it goes. */
export function openProfileDir(dir: string, sweep: boolean): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (!sweep) return;
  for (const name of readdirSync(dir)) {
    if (name.endsWith('.new')) rmSync(join(dir, name), { recursive: true, force: true });
  }
}

/** Such as `web.0-20261124T012229123Z.cpuprofile`. */
export function profileName(instance: string, kind: ProfileKind, now: number): string {
  return `${instance}-${new Date(now).toISOString().replace(/[-:.]/g, '')}.${ENDINGS[kind]}`;
}

/** Removes the oldest ones; never the newest, however large. */
export function dropOldProfiles(dir: string): void {
  const done = readdirSync(dir).filter((name) => !name.endsWith('.new'));
  const files = done.map((name) => {
    const { size, mtimeMs } = statSync(join(dir, name));
    return { name, bytes: size, mtimeMs };
  });
  for (const name of surplus(files)) rmSync(join(dir, name), { force: true });
}

/** Names of those that are too many. Pure. */
export function surplus(
  files: readonly KeptFile[],
  limits: { readonly files: number; readonly bytes: number } = { files: KEEP_FILES, bytes: KEEP_BYTES },
): string[] {
  const newestFirst = [...files].sort((a, b) => b.mtimeMs - a.mtimeMs || b.name.localeCompare(a.name));
  let bytes = 0;
  return newestFirst
    .filter((file, index) => {
      bytes += file.bytes;
      return index > 0 && (index >= limits.files || bytes > limits.bytes);
    })
    .map(({ name }) => name);
}
