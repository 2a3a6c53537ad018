/** Where packages may come from: what .npmrc says of registries. Pure. */

export interface Registries {
  /** For packages without a scope of its own. */
  readonly main: string;
  /** By scope, with its `@`. */
  readonly scopes: Readonly<Record<string, string>>;
}

const PUBLIC = 'https://registry.npmjs.org/';
/** Names of the public registry, which npm replaces by the one that is configured. */
const PUBLIC_HOSTS = ['registry.npmjs.org', 'registry.yarnpkg.com'];

/**
 * @param npmrc the text of .npmrc of the project
 * @param env what installs get: for `${NAME}` and `npm_config_registry`
 */
export function readRegistries(
  npmrc: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Registries {
  const scopes: Record<string, string> = {};
  let main = env.npm_config_registry ?? env.NPM_CONFIG_REGISTRY;
  for (const line of npmrc.split(/\r?\n/)) {
    const setting = /^\s*((@[^:\s=]+):)?registry\s*=\s*["']?([^"'\s]+)/.exec(line);
    if (!setting) continue;
    const [, , scope, written = ''] = setting;
    const url = written.replace(/\$\{(\w+)\??\}/g, (whole, name: string) => env[name] ?? whole);
    if (scope !== undefined) scopes[scope] = url;
    else main ??= url;
  }
  return { main: main ?? PUBLIC, scopes };
}

/** The registry that is asked for this name. */
export function registryOf(name: string, { main, scopes }: Registries): string {
  const scope = name.startsWith('@') ? name.slice(0, name.indexOf('/')) : '';
  return scopes[scope] ?? main;
}

/** Does a lockfile's URL lead to where this name belongs? */
export function isFromIts(name: string, resolved: string, registries: Registries): boolean {
  const registry = registryOf(name, registries);
  const host = hostOf(resolved);
  if (host === hostOf(registry)) return true;
  // A scope with a registry of its own belongs there and nowhere else: that is what keeps its names from being taken.
  const scoped = registry !== registries.main;
  return !scoped && host !== null && PUBLIC_HOSTS.includes(host);
}

/** Of those that are not encrypted, the ones that are not on this machine. */
export function openRegistries({ main, scopes }: Registries): string[] {
  return [...new Set([main, ...Object.values(scopes)])].filter((url) => {
    const host = URL.canParse(url) ? new URL(url).hostname : '';
    return url.startsWith('http:') && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);
  });
}

function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).host : null;
}
