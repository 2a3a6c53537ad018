/** Install scripts: those of packages that are allowed, and those of the project itself. All others stay unrun, and are told. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inWords } from '../lockfile/check.ts';
import { splitSpec } from '../lockfile/lockfile.ts';
import type { NodeRuntime, StepRunner } from '../seams.ts';
import type { InstalledPackage } from './installed.ts';

export interface ScriptPlace {
  readonly runner: StepRunner;
  /** The release's directory. */
  readonly dir: string;
  /** Directories for PATH: the manager, node. */
  readonly path: readonly string[];
  /** The one that the release runs on. */
  readonly node: NodeRuntime;
  /** See nodeGyp. */
  readonly gyp: { readonly bin: string; readonly script: string };
}

export interface ScriptPlan {
  readonly run: readonly InstalledPackage[];
  readonly notes: readonly string[];
}

/** @param allowed names, or `name@version` for this version and no other */
export function planScripts(packages: readonly InstalledPackage[], allowed: readonly string[]): ScriptPlan {
  const wanting = packages.filter(({ scripts }) => scripts.length > 0);
  const run = wanting.filter((one) => names(allowed, one));
  const left = [...new Set(wanting.filter((one) => !run.includes(one)).map(({ name }) => name))].sort();
  const unused = allowed.filter((spec) => !packages.some((one) => names([spec], one)));
  return {
    run,
    notes: [
      ...(left.length > 0
        ? [
            `Install scripts that were not run: ${inWords(left, 10)}. If one of them is needed: install: { allowScripts: [${left.map((name) => `'${name}'`).join(', ')}] }`,
          ]
        : []),
      ...(unused.length > 0 ? [`allowScripts names what is not installed: ${inWords(unused, 10)}`] : []),
    ],
  };
}

/** Is it one of these `name` or `name@version`? */
export function names(
  specs: readonly string[],
  { name, version }: { readonly name: string; readonly version: string },
): boolean {
  return specs.some((spec) => {
    const wanted = splitSpec(spec);
    return wanted.name === name && (wanted.rest === '' || wanted.rest === version);
  });
}

/** In the directory of the package, as npm does it. */
export async function runScripts(
  { name, version, dir, scripts }: InstalledPackage,
  { runner, dir: root, path, node, gyp }: ScriptPlace,
): Promise<void> {
  const headers = headersOf(node);
  for (const [event, script] of scripts) {
    runner.say(`${name}@${version}: ${event}`);
    await runner.run(['sh', '-c', script], {
      cwd: dir,
      path: [...binaries(dir, root), gyp.bin, ...path],
      env: {
        npm_lifecycle_event: event,
        npm_lifecycle_script: script,
        npm_package_name: name,
        npm_package_version: version,
        npm_package_json: join(dir, 'package.json'),
        npm_config_node_gyp: gyp.script,
        npm_command: 'ci',
        npm_node_execpath: node.path,
        ...(headers !== null && { npm_config_nodedir: headers }),
        INIT_CWD: root,
      },
    });
  }
}

/** Where node-gyp finds the headers of this Node, which else are fetched from nodejs.org; null = they did not come with it. */
function headersOf({ path, version }: NodeRuntime): string | null {
  const prefix = dirname(dirname(path));
  try {
    const text = readFileSync(join(prefix, 'include/node/node_version.h'), 'utf8');
    const number = (name: string) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
    return ['MAJOR', 'MINOR', 'PATCH'].map(number).join('.') === version ? prefix : null;
  } catch {
    return null;
  }
}

/** `node_modules/.bin` of the package and of all above it. */
function binaries(dir: string, root: string): string[] {
  const found: string[] = [];
  for (let at = dir; at.startsWith(root); at = dirname(at)) {
    if (!at.endsWith('node_modules')) found.push(join(at, 'node_modules', '.bin'));
  }
  return found;
}
