/** PM2's ecosystem files: modules are loaded as modules; JSON is data (JSON5, as people write it) and never evaluated. */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import JSON5 from 'json5';
import { HoldfastError, isSystemError } from '../../errors.ts';
import { systemClock } from '../../kit/clock.ts';
import { show } from '../show.ts';
import { reasonOf } from '../system-error.ts';

export interface EcosystemFile {
  readonly apps: readonly Readonly<Record<string, unknown>>[];
  /** It says how to deploy, too. */
  readonly deploys: boolean;
}

/** As PM2 recognises them by their name. */
export function isEcosystemName(name: string): boolean {
  return /\.(json5?|ya?ml)$|\.config\.[cm]?[jt]s$/.test(name);
}

/**
 * `name` is what messages call the file.
 * @throws HoldfastError CONFIG_UNREADABLE, IMPORT_INVALID
 */
export async function readEcosystem(file: string, name: string): Promise<EcosystemFile> {
  const extension = extname(file);
  if (/^\.[cm]?[jt]s$/.test(extension)) {
    textOf(file, name);
    const { evaluateConfig } = await import('../evaluate.ts');
    try {
      return appsIn((await evaluateConfig(file, name, { env: process.env, clock: systemClock })).value, name);
    } catch (error) {
      throw error instanceof HoldfastError && error.code === 'CONFIG_INVALID'
        ? new HoldfastError('IMPORT_INVALID', error.message, { details: error.details, cause: error })
        : error;
    }
  }
  const text = textOf(file, name);
  if (/^\.ya?ml$/.test(extension)) {
    const { readYaml } = await import('../yaml.ts');
    return appsIn(
      parsed(name, () => readYaml(text).value),
      name,
    );
  }
  return readEcosystemText(text, name);
}

/** JSON with comments, single quotes and commas at the end, as it may come from stdin. */
export function readEcosystemText(text: string, name: string): EcosystemFile {
  return appsIn(
    parsed(name, () => JSON5.parse(text.replace(/^\uFEFF/, ''))),
    name,
  );
}

function parsed(name: string, parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/^JSON5: /, '');
    throw new HoldfastError('IMPORT_INVALID', `Cannot read "${name}": ${reason}`, { cause: error });
  }
}

/** `{ apps: [...] }`, `{ pm2: [...] }`, a list of apps, or one app. */
function appsIn(value: unknown, name: string): EcosystemFile {
  const top = isRecord(value) ? value : {};
  const listed = Array.isArray(value)
    ? value
    : (top.apps ?? top.pm2 ?? (top.script === undefined ? undefined : [top]));
  const apps: unknown[] | undefined = Array.isArray(listed)
    ? listed
    : isRecord(listed)
      ? [listed]
      : undefined;
  if (!apps || apps.length === 0)
    throw new HoldfastError('IMPORT_INVALID', `There are no apps in "${name}": it must have a list "apps"`);
  const bad = apps.find((app) => !isRecord(app));
  if (bad !== undefined)
    throw new HoldfastError(
      'IMPORT_INVALID',
      `An app in "${name}" must be an object with settings: got ${show(bad)}`,
    );
  return { apps: apps.filter(isRecord), deploys: top.deploy !== undefined };
}

function textOf(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new HoldfastError('CONFIG_UNREADABLE', `Cannot read "${name}": ${reasonOf(error.code)}`, {
      cause: error,
    });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
