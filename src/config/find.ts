/** Which configuration file is meant. */
import { existsSync } from 'node:fs';
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
    throw new HoldfastError('CONFIG_NOT_FOUND', `There is no holdfast.config.* in ${show(cwd)}`);
  }
  if (second === undefined) return first;
  const names = found.map((path) => basename(path)).join(' and ');
  throw new HoldfastError('CONFIG_INVALID', `There are ${names} in ${show(cwd)}: only one can be meant`, {
    hint: 'Remove or rename all but one, or name the one that is meant with `-f`',
  });
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
