/** npm asks registries for all managers. What yarn 2 and newer knows of them is in a file of its own, which npm does not read. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isRecord, type LockfileKind, textOf } from '../lockfile/lockfile.ts';

/** @param ask gets a directory whose .npmrc says which registry, and with which token */
export async function whereNpmAsks<T>(
  dir: string,
  kind: LockfileKind,
  ask: (dir: string) => Promise<T>,
): Promise<T> {
  const yarnrc = join(dir, '.yarnrc.yml');
  if (kind !== 'berry' || !existsSync(yarnrc)) return ask(dir);
  const place = mkdtempSync(join(tmpdir(), 'holdfast-ask-'));
  try {
    writeFileSync(join(place, '.npmrc'), npmrcOfYarn(readFileSync(yarnrc, 'utf8')));
    // The build user reads it; nothing in it is more secret than the release.
    chmodSync(place, 0o755);
    chmodSync(join(place, '.npmrc'), 0o644);
    return await ask(place);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** @param yarnrc the text of .yarnrc.yml; a token stays the name of its variable, as it is there */
export function npmrcOfYarn(yarnrc: string): string {
  let settings: unknown;
  try {
    settings = parse(yarnrc);
  } catch {
    return '';
  }
  if (!isRecord(settings)) return '';
  const main = textOf(settings.npmRegistryServer);
  const registries = isRecord(settings.npmRegistries) ? Object.entries(settings.npmRegistries) : [];
  const scopes = isRecord(settings.npmScopes) ? Object.entries(settings.npmScopes) : [];
  return [
    ...linesOf('', main, settings),
    ...registries.flatMap(([url, one]) => (isRecord(one) ? tokenOf(url, one) : [])),
    ...scopes.flatMap(([scope, one]) =>
      isRecord(one) ? linesOf(`@${scope}:`, textOf(one.npmRegistryServer) ?? main, one) : [],
    ),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function linesOf(scope: string, url: string | null, settings: Readonly<Record<string, unknown>>): string[] {
  return url === null ? [] : [`${scope}registry=${plain(url)}`, ...tokenOf(url, settings)];
}

function tokenOf(url: string, { npmAuthToken }: Readonly<Record<string, unknown>>): string[] {
  const token = textOf(npmAuthToken);
  const place = plain(url)
    .replace(/^https?:/, '')
    .replace(/\/*$/, '/');
  return token === null ? [] : [`${place}:_authToken=${plain(token)}`];
}

/** `${NAME-}` and `${NAME:-default}` are yarn's alone. */
function plain(text: string): string {
  return text.replace(/\$\{(\w+):?-[^}]*\}/g, (_, name) => `\${${name}}`).replaceAll(/[\r\n]/g, '');
}
