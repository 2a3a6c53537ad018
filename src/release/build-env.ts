/** What installs and builds get of the environment: who and where they are, and what the configuration names. No secrets of the apps. Pure. */

const plain = [
  'PATH',
  'LANG',
  'LANGUAGE',
  'TZ',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
];
/** Where this machine gets packages, and whom it believes. */
const network = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'npm_config_registry',
  'NPM_CONFIG_REGISTRY',
  'npm_config_cafile',
  'NPM_CONFIG_CAFILE',
];

export interface BuildEnvOptions {
  /** Of the shell that deploys. */
  readonly shell: Readonly<Record<string, string | undefined>>;
  /** Names of further variables: `release.buildEnv`. */
  readonly names: readonly string[];
  readonly home: string;
  readonly user: string;
}

export function buildEnv({ shell, names, home, user }: BuildEnvOptions): Record<string, string> {
  const env: Record<string, string> = {};
  const wanted = [...plain, ...network, ...names];
  for (const [name, value] of Object.entries(shell)) {
    if (value !== undefined && (wanted.includes(name) || name.startsWith('LC_'))) env[name] = value;
  }
  return { ...env, HOME: home, USER: user, LOGNAME: user, CI: 'true' };
}

/** Of a value in several lines, such as a key, shorter ones are no secret, but `}` or the like. */
const SHORTEST_LINE = 8;

/** The text without the values of these variables, which are often tokens: and without single lines of them, since output comes by lines. */
export function masked(
  text: string,
  env: Readonly<Record<string, string>>,
  names: readonly string[],
): string {
  const secret = names.flatMap((name) => {
    const value = env[name]?.trim() ?? '';
    const lines = value.includes('\n') ? value.split('\n').map((line) => line.trim()) : [];
    return [value, ...lines.filter((line) => line.length >= SHORTEST_LINE)];
  });
  return secret.reduce((left, value) => (value.length >= 4 ? left.replaceAll(value, '***') : left), text);
}
