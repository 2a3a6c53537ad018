/** Which Node a project wants, by what it says itself. Pure but for reading the files. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import { HoldfastError } from '../../errors.ts';
import { readManifest } from '../lockfile/find.ts';
import type { Engine } from '../lockfile/lockfile.ts';

export interface WantedNode {
  /** A version or a range as semver writes it. */
  readonly range: string;
  /** Where it is said: `.nvmrc`. */
  readonly from: string;
}

/** Names of long-term versions, as nvm takes them (nodejs.org/en/about/previous-releases). */
const LTS: Readonly<Record<string, number>> = { gallium: 16, hydrogen: 18, iron: 20, jod: 22, krypton: 24 };

/**
 * `.nvmrc`, `.node-version`, `devEngines.runtime`, `engines.node`, in this order.
 *
 * @throws HoldfastError PACKAGES_REFUSED when one of them means nothing
 */
export function wantedNode(dir: string): WantedNode | null {
  for (const name of ['.nvmrc', '.node-version']) {
    const file = join(dir, name);
    if (!existsSync(file)) continue;
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .map((one) => one.replace(/#.*/, '').trim())
      .find((one) => one !== '');
    if (line !== undefined) return { range: requireRange(line, name), from: name };
  }
  const { devEngines, engines } = readManifest(dir) ?? {};
  const runtime = [devEngines?.runtime ?? []].flat().find(({ name }: Engine) => name === 'node');
  if (runtime?.version !== undefined) {
    return { range: requireRange(runtime.version, 'devEngines.runtime'), from: 'devEngines.runtime' };
  }
  if (engines?.node === undefined) return null;
  return { range: requireRange(engines.node, 'engines.node'), from: 'engines.node' };
}

/** `v24`, `24.5.0`, `>=22 <25`, `lts/krypton` as a range; null when it means no version. */
export function rangeOf(wanted: string): string | null {
  const text = wanted.trim();
  const name = /^lts\/(\w+)$/i.exec(text)?.[1]?.toLowerCase();
  if (name !== undefined) return Object.hasOwn(LTS, name) ? String(LTS[name]) : null;
  if (text === '' || text === '*') return null;
  return semver.validRange(text) === null ? null : text.replace(/^v(?=\d)/, '');
}

function requireRange(wanted: string, from: string): string {
  const range = rangeOf(wanted);
  if (range !== null) return range;
  throw new HoldfastError('PACKAGES_REFUSED', `Cannot tell which Node is meant by "${wanted}" in ${from}`, {
    hint: 'Write a version there, such as "24" or "24.5.0"',
  });
}
