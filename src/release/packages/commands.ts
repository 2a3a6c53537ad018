/**
 * What is run to install: words and variables, for each manager and version. None of them runs an install script; those that are
 * allowed are run afterwards by ourselves (scripts.ts), in the same way for all, since each version of each manager has other rules
 * for that. Pure.
 */
import semver from 'semver';
import type { Manager } from './manager.ts';

export interface InstallCommand {
  /** Begins with the name of the manager. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface InstallWish {
  /** Without packages for development. */
  readonly production: boolean;
  /** Nothing is fetched. */
  readonly offline: boolean;
}

/** In this order. */
export function installCommands(manager: Manager, wish: InstallWish): InstallCommand[] {
  switch (manager.kind) {
    case 'npm':
      return [npm(manager, wish)];
    case 'pnpm':
      return [pnpm(wish)];
    case 'yarn':
      return [yarn(wish)];
    case 'berry':
      return berry(manager, wish);
    case 'bun':
      return [bun(wish)];
  }
}

function npm({ version }: Manager, { production, offline }: InstallWish): InstallCommand {
  return {
    words: [
      'npm',
      'ci',
      '--ignore-scripts',
      production ? '--omit=dev' : '--include=dev',
      '--no-audit',
      '--no-fund',
      offline ? '--offline' : '--prefer-offline',
      // What is not from a registry is our own business (policy.ts); npm 12 would refuse all of it.
      ...(semver.major(version) >= 12 ? ['--allow-git=all', '--allow-remote=all'] : []),
    ],
    env: { npm_config_update_notifier: 'false' },
  };
}

function pnpm({ production, offline }: InstallWish): InstallCommand {
  return {
    words: [
      'pnpm',
      'install',
      '--frozen-lockfile',
      '--ignore-scripts',
      ...(production ? ['--prod'] : ['--prod=false']),
      offline ? '--offline' : '--prefer-offline',
      // Files are put into our own store afterwards: they must not be those of pnpm's.
      '--package-import-method=clone-or-copy',
    ],
    env: {
      npm_config_confirm_modules_purge: 'false',
      // Exactly the version that was asked for runs already. What is too young is our own business (policy.ts).
      npm_config_manage_package_manager_versions: 'false',
      npm_config_minimum_release_age: '0',
      pnpm_config_minimum_release_age: '0',
      npm_config_update_notifier: 'false',
    },
  };
}

function yarn({ production, offline }: InstallWish): InstallCommand {
  return {
    words: [
      'yarn',
      'install',
      '--frozen-lockfile',
      '--ignore-scripts',
      '--non-interactive',
      '--no-progress',
      `--production=${production}`,
      offline ? '--offline' : '--prefer-offline',
    ],
    // A yarn that lies in the project would take over.
    env: { YARN_IGNORE_PATH: '1' },
  };
}

function berry({ version }: Manager, { production, offline }: InstallWish): InstallCommand[] {
  const env = {
    YARN_IGNORE_PATH: '1',
    YARN_ENABLE_SCRIPTS: 'false',
    // Apps are started as `node file`, which knows node_modules and no Plug'n'Play.
    YARN_NODE_LINKER: 'node-modules',
    YARN_NM_MODE: 'classic',
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_PROGRESS_BARS: 'false',
    ...(offline && { YARN_ENABLE_NETWORK: 'false' }),
    // What is too young is our own business (policy.ts).
    ...(semver.satisfies(version, '>=4.10') && { YARN_NPM_MINIMAL_AGE_GATE: '0' }),
  };
  const skip = semver.major(version) >= 3 ? ['--mode=skip-build'] : ['--skip-builds'];
  const install = { words: ['yarn', 'install', '--immutable', ...skip], env };
  if (!production) return [install];
  return [install, { words: ['yarn', 'workspaces', 'focus', '--all', '--production'], env }];
}

function bun({ production, offline }: InstallWish): InstallCommand {
  return {
    words: [
      'bun',
      'install',
      '--frozen-lockfile',
      '--ignore-scripts',
      '--no-progress',
      '--backend=copyfile',
      ...(production ? ['--production'] : []),
      ...(offline ? ['--prefer-offline'] : []),
    ],
    env: {},
  };
}

/**
 * pnpm, from 10.34 on, puts no variables into credentials of the project's .npmrc, since whoever changes that file could send a token
 * elsewhere: it wants them in the file of the user. Of a build that one is empty, and the variables it gets are named by the project
 * itself (`release.buildEnv`), so the project's file is that of the user.
 */
export function credentials({ kind }: Pick<Manager, 'kind'>, dir: string): Record<string, string> {
  if (kind !== 'pnpm') return {};
  const file = `${dir}/.npmrc`;
  return { npm_config_userconfig: file, pnpm_config_userconfig: file };
}

/** Milliseconds until a registry must have begun to answer. */
const ANSWER_MS = 30_000;
/** How often it is asked again. */
const RETRIES = 2;

/**
 * A registry that is down is told within seconds, and one that says nothing within two minutes: by themselves some managers take much
 * longer. What the project configures itself stays. This changes nothing of what is installed.
 *
 * @param configured the text of .npmrc and .yarnrc.yml of the project
 * @param env of the shell: what it says is more than what we do
 */
export function patience(
  { kind }: Pick<Manager, 'kind'>,
  configured: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const all = Object.entries(PATIENCE[kind]);
  return Object.fromEntries(
    all
      .filter(([, [setting]]) => !configured.includes(setting))
      .map(([name, [, value]]) => [name, env[name] ?? String(value)]),
  );
}

const OF_NPM = {
  npm_config_fetch_retries: ['fetch-retries', RETRIES],
  npm_config_fetch_retry_mintimeout: ['fetch-retry-mintimeout', 1000],
  npm_config_fetch_retry_maxtimeout: ['fetch-retry-maxtimeout', 4000],
  npm_config_fetch_timeout: ['fetch-timeout', ANSWER_MS],
} as const;

/** By kind: variables, each with the name that the setting has in files. */
const PATIENCE: Readonly<
  Record<Manager['kind'], Readonly<Record<string, readonly [setting: string, value: number]>>>
> = {
  npm: OF_NPM,
  // From version 11 on it has variables of its own.
  pnpm: {
    ...OF_NPM,
    ...Object.fromEntries(
      Object.entries(OF_NPM).map(([name, value]) => [name.replace('npm', 'pnpm'), value]),
    ),
  },
  // It always tries five times; .yarnrc comes before the variable.
  yarn: { YARN_NETWORK_TIMEOUT: ['network-timeout', ANSWER_MS / 2] },
  berry: { YARN_HTTP_RETRY: ['httpRetry', RETRIES], YARN_HTTP_TIMEOUT: ['httpTimeout', ANSWER_MS] },
  bun: {
    BUN_CONFIG_HTTP_RETRY_COUNT: ['http-retry-count', RETRIES],
    // Seconds.
    BUN_CONFIG_HTTP_IDLE_TIMEOUT: ['http-idle-timeout', ANSWER_MS / 1000],
  },
};
