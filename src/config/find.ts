/** Which configuration file is meant. */
import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { HoldfastError } from '../errors.ts';
import { nearestFile } from './programs.ts';
import { show } from './show.ts';

export const configEndings = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json', 'yaml', 'yml'] as const;

/**
 * The file that was named, or the one `holdfast.config.*` in `cwd`; directories above are not searched, since what a
 * command does must not depend on what lies there.
 * @throws HoldfastError CONFIG_NOT_FOUND; CONFIG_INVALID when there are two.
 */
export function findConfigFile({ file, cwd }: { file?: string | undefined; cwd: string }): string {
  if (file !== undefined) return namedFile(resolve(cwd, file), file);
  const found = configEndings
    .map((ending) => join(cwd, `holdfast.config.${ending}`))
    .filter((path) => existsSync(path));
  const [first, second] = found;
  if (first === undefined) {
    const [below] = configsBelow(cwd);
    throw new HoldfastError(
      'CONFIG_NOT_FOUND',
      `There is no holdfast.config.* in ${show(cwd)}`,
      below === undefined
        ? {}
        : { hint: `There is ${show(below)}: run the command in that directory, or add \`-f ${below}\`` },
    );
  }
  if (second === undefined) return first;
  const names = found.map((path) => basename(path)).join(' and ');
  throw new HoldfastError('CONFIG_INVALID', `There are ${names} in ${show(cwd)}: only one can be meant`, {
    hint: 'Remove or rename all but one, or name the one that is meant with `-f`',
  });
}

/** Deep enough for `services/api`, and not so deep that the whole disk is read. */
const DEPTH = 3;
const MOST_DIRECTORIES = 200;

/** For the hint: paths relative to `dir`, the nearest first. */
function configsBelow(dir: string): string[] {
  let level = [''];
  let looked = 0;
  for (let depth = 0; depth < DEPTH; depth++) {
    const next: string[] = [];
    const found: string[] = [];
    for (const at of level) {
      if (looked++ > MOST_DIRECTORIES) break;
      for (const entry of entriesOf(join(dir, at))) {
        if (isConfigName(entry.name)) found.push(join(at, entry.name));
        if (entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name)) next.push(join(at, entry.name));
      }
    }
    if (found.length > 0) return found.sort();
    level = next;
  }
  return [];
}

/** A configuration by its usual name. */
export function isConfigName(name: string): boolean {
  return configEndings.some((ending) => name === `holdfast.config.${ending}`);
}

function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
}

function namedFile(path: string, asNamed: string): string {
  const named = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase();
  if (!configEndings.some((ending) => ending === named)) {
    const list = configEndings.map((ending) => `.${ending}`).join(', ');
    throw new HoldfastError(
      'CONFIG_INVALID',
      `Cannot read ${show(asNamed)}: a configuration file ends in one of ${list}`,
    );
  }
  if (existsSync(path)) return path;
  const near = nearestFile(path);
  const hint = near === undefined ? '' : `: did you mean ${show(near)}?`;
  throw new HoldfastError('CONFIG_NOT_FOUND', `There is no file ${show(path)}${hint}`);
}
