/** The package as npm would install it, elsewhere. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.ts';

export interface Installed {
  readonly dir: string;
  /** The command. */
  readonly bin: string;
}

/** In `<parent>/holdfast`. Its dependencies are those of the repository. */
export function installed(parent: string, version?: string): Installed {
  const dir = join(parent, 'holdfast');
  mkdirSync(dir);
  for (const part of ['bin', 'dist']) cpSync(join(root, part), join(dir, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ ...manifest, ...(version && { version }) }));
  return { dir, bin: join(dir, 'bin', 'holdfast.js') };
}
