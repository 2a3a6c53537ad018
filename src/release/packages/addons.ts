/** Addons in machine code: does the Node that will run load them? */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { NodeRuntime, StepRunner } from '../seams.ts';
import { moduleDirs } from './installed.ts';

/** Relative paths of all `.node` files. */
export function addonsIn(dir: string): string[] {
  return moduleDirs(dir).flatMap((modules) =>
    readdirSync(join(dir, modules), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.node'))
      .map((path) => `${modules}/${path}`),
  );
}

/** Packages bring them for all platforms in such directories, and choose when they are loaded. */
const FOR_ALL = /(^|\/)(prebuilds|obj\.target|vendor|android|ios)\//;

/** Prints a line of JSON for each that cannot be loaded. */
const LOAD = `
for (const file of process.argv.slice(1)) {
  try { process.dlopen({ exports: {} }, file); }
  catch (error) { console.log(JSON.stringify([file, String(error.message).split('\\n')[0], /NODE_MODULE_VERSION/.test(error.message)])); }
}
process.reallyExit(0);`;

/**
 * @returns a line for each that did not load, for people: it may want something that only the app has
 * @throws HoldfastError STEP_FAILED for one that is of another Node
 */
export async function tryAddons(dir: string, node: NodeRuntime, runner: StepRunner): Promise<string[]> {
  const files = addonsIn(dir).filter((path) => !FOR_ALL.test(path));
  if (files.length === 0) return [];
  let said = '';
  try {
    said = await runner.read([node.path, '-e', LOAD, ...files.map((file) => join(dir, file))], { cwd: dir });
  } catch {
    return [`One of ${files.length} native addons ends Node ${node.version} when it is loaded`];
  }
  const broken = said
    .split('\n')
    .filter((line) => line.startsWith('['))
    .map((line) => JSON.parse(line) as [file: string, why: string, otherNode: boolean]);
  const other = broken.find(([, , otherNode]) => otherNode);
  if (other) {
    throw new HoldfastError(
      'STEP_FAILED',
      `"${other[0].slice(dir.length + 1)}" is not for Node ${node.version}`,
      {
        hint: 'Its package must be built here: name it in `release.install.allowScripts`',
        details: broken.map(([file, why]) => `${file}: ${why}`),
      },
    );
  }
  return broken.map(
    ([file, why]) => `The native addon "${file.slice(dir.length + 1)}" does not load: ${why}`,
  );
}
