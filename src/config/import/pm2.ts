/** `hold import pm2`: an ecosystem file as a configuration of Holdfast, with notes of what is not the same. */
import { availableParallelism, homedir } from 'node:os';
import { basename, resolve } from 'node:path';
import type { AppConfig, HoldfastConfig } from '../config-types.ts';
import { showList } from '../show.ts';
import { importPm2App } from './pm2-app.ts';
import { readPm2App } from './pm2-fields.ts';
import { readEcosystem } from './pm2-file.ts';

export interface ImportedConfig {
  readonly config: HoldfastConfig;
  readonly notes: string[];
}

/**
 * Paths stay as they are: the configuration belongs beside the ecosystem file.
 * @throws HoldfastError CONFIG_UNREADABLE, IMPORT_INVALID
 */
export async function importEcosystem(
  file: string,
  options: { environment?: string | undefined } = {},
): Promise<ImportedConfig> {
  const { apps, deploys } = await readEcosystem(resolve(file), basename(file));
  const place = {
    environment: options.environment,
    home: null,
    parallelism: availableParallelism(),
    userHome: homedir(),
  };
  const found: Record<string, AppConfig> = {};
  const notes: string[] = [];
  for (const written of apps) {
    const app = readPm2App(written);
    const { name, config, notes: told, filterEnv } = importPm2App(app, place);
    const free = freeName(name, found);
    if (free !== name) notes.push(`${free}: there are two apps "${name}"`);
    found[free] = config;
    notes.push(...told.map((note) => `${free}: ${note}`));
    const unused = app.environments.filter((one) => one !== options.environment).map((one) => `env_${one}`);
    if (unused.length > 0)
      notes.push(
        `${free}: ${showList(unused, 'and')}: not taken over; \`hold import --env <name>\` chooses one`,
      );
    if (filterEnv === true || filterEnv.length > 0)
      notes.push(`${free}: filter_env is not needed: an app gets only what \`env\` and \`passEnv\` name`);
  }
  notes.push(
    'PM2 gives an app all variables of the shell; here `env`, `envFile` and `passEnv` name what it needs',
  );
  if (deploys) notes.push('deploy is not taken over: keep it in the ecosystem file');
  return { config: { apps: found }, notes };
}

function freeName(name: string, taken: Readonly<Record<string, unknown>>): string {
  let free = name;
  for (let n = 1; Object.hasOwn(taken, free); n++) free = `${name}-${n}`;
  return free;
}
