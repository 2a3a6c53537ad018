/** Where things are. Tests run compiled, from another directory than their source, so the root is searched for. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository: above this file, or above the working directory when it was compiled to somewhere else. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url))) ?? findRoot(process.cwd()) ?? missing();

/** The command as users run it, with the code of `dist/`. */
export const holdfastBin = join(root, 'bin', 'holdfast.js');

/** Path of one of the tiny apps in `test/fixtures/apps`. */
export function app(name: string): string {
  const path = join(root, 'test', 'fixtures', 'apps', name);
  if (!existsSync(path)) throw new Error(`There is no app "${name}" in test/fixtures/apps`);
  return path;
}

function findRoot(dir: string): string | undefined {
  const manifest = join(dir, 'package.json');
  // A directory with compiled code may have a copy of package.json, but not the rest.
  if (existsSync(manifest) && existsSync(join(dir, 'tsconfig.json'))) {
    if (JSON.parse(readFileSync(manifest, 'utf8')).name === 'holdfast') return dir;
  }
  const parent = dirname(dir);
  return parent === dir ? undefined : findRoot(parent);
}

function missing(): never {
  throw new Error(`No package.json of holdfast above "${import.meta.url}" or "${process.cwd()}"`);
}
