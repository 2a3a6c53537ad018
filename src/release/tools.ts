/**
 * What releases need of programs, fetched from the registry of npm: versions of Node and of package managers. They lie in a directory
 * for all projects, `node@24.5.0/`, and belong to us, so that nobody who only builds can change them. They are fetched with our own
 * npm and its configuration, not with that of a project.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { HoldfastError } from '../errors.ts';
import { lastWords } from './last-words.ts';
import { troubleIn } from './packages/registry-trouble.ts';

const run = promisify(execFile);

/** How tools come from a registry. */
export interface Fetcher {
  /** A tarball of `name@version` into `dir`, its integrity checked against what the registry says; returns its path. */
  pack(spec: string, dir: string): Promise<string>;
  /** All versions that there are. */
  versions(name: string): Promise<string[]>;
}

export interface OwnNpm {
  /** npm-cli.js */
  readonly cli: string;
  /** Directory of the package. */
  readonly dir: string;
  readonly version: string;
  /** `engines.node` */
  readonly engines: string;
}

/** The npm beside the Node that runs us, else the first of PATH. */
export function ownNpm(env: NodeJS.ProcessEnv = process.env): OwnNpm | undefined {
  const prefix = dirname(dirname(process.execPath));
  const onPath = (env.PATH ?? '').split(delimiter).filter((dir) => dir !== '');
  const places = [
    join(prefix, 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(prefix, 'share', 'nodejs', 'npm', 'bin', 'npm-cli.js'),
    ...onPath.map((dir) => join(dir, 'npm')),
  ];
  for (const place of places) {
    if (!existsSync(place)) continue;
    const cli = realpathSync(place);
    const dir = dirname(dirname(cli));
    const manifest = join(dir, 'package.json');
    if (!cli.endsWith('npm-cli.js') || !existsSync(manifest)) continue;
    const { version, engines } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      version: string;
      engines?: { node?: string };
    };
    return { cli, dir, version, engines: engines?.node ?? '*' };
  }
  return undefined;
}

/** A registry that is down is told within seconds, see patience of packages/commands.ts. */
const PATIENT = [
  '--fetch-retries=2',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=4000',
  '--fetch-timeout=30000',
];

/** @param env of the shell: npm reads its configuration from the home of whoever deploys */
export function npmFetcher(env: NodeJS.ProcessEnv = process.env): Fetcher {
  const npm = async (args: readonly string[], cwd: string) => {
    const own = ownNpm(env);
    if (!own) {
      throw new HoldfastError('PROGRAM_MISSING', 'Cannot fetch anything: there is no npm beside Node', {
        hint: 'Install npm: it comes with Node from nodejs.org; Debian has it in the package "npm"',
      });
    }
    const quiet = ['--loglevel=error', '--no-update-notifier', '--ignore-scripts', ...PATIENT];
    const { stdout } = await run(process.execPath, [own.cli, ...args, ...quiet], {
      cwd,
      env,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  };
  return {
    async pack(spec, dir) {
      try {
        await npm(['pack', spec, '--pack-destination', dir], dir);
      } catch (error) {
        throw cannotFetch(spec, error);
      }
      const file = readdirSync(dir).find((name) => name.endsWith('.tgz'));
      if (file === undefined) throw cannotFetch(spec, new Error('npm has written no file'));
      return join(dir, file);
    },
    async versions(name) {
      try {
        const text = await npm(['view', name, 'versions', '--json'], dirname(process.execPath));
        const versions: unknown = JSON.parse(text);
        return [versions].flat().filter((one): one is string => typeof one === 'string');
      } catch (error) {
        throw cannotFetch(name, error);
      }
    },
  };
}

function cannotFetch(what: string, error: unknown): HoldfastError {
  const text = String((error as { stderr?: unknown }).stderr ?? (error as Error).message ?? error);
  if (/E404|ETARGET|notarget/.test(text)) {
    return new HoldfastError('STEP_FAILED', `The registry has no "${what}"`, {
      hint: 'Check the version',
      cause: error,
    });
  }
  const trouble = troubleIn(text, {
    packages: [],
    file: 'the registry',
    registry: 'https://registry.npmjs.org/',
  });
  return new HoldfastError(
    'STEP_FAILED',
    `Cannot fetch "${what}"${trouble ? `: ${trouble.message}` : ' from the registry'}`,
    {
      hint: trouble?.hint ?? 'Can this machine reach the registry? `npm ping` says it',
      details: trouble ? [] : lastWords(text.split('\n')),
      cause: error,
    },
  );
}

/**
 * The directory of a tool; it is made by `fill` when it is not there. It appears as a whole, or not at all, and two that do the same at
 * the same time are no harm.
 *
 * @param name such as `node@24.5.0`
 */
export async function toolDir(
  tools: string,
  name: string,
  fill: (dir: string) => Promise<void>,
): Promise<string> {
  const dir = join(tools, name);
  if (existsSync(dir)) return dir;
  mkdirSync(tools, { recursive: true, mode: 0o755 });
  const temporary = mkdtempSync(join(tools, '.new-'));
  try {
    const made = join(temporary, 'tool');
    mkdirSync(made, { mode: 0o755 });
    await fill(made);
    // Whatever the umask: build users and apps run what is in it.
    await run('chmod', ['-R', 'u+rwX,go=rX', made]);
    try {
      renameSync(made, dir);
    } catch (error) {
      if (!existsSync(dir)) throw error;
    }
    return dir;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Fetches a package, and unpacks it, or only these paths of it, into `dir`. Paths lose the first directory, which is `package`. */
export async function unpackTool(
  fetcher: Fetcher,
  spec: string,
  dir: string,
  { only = [], check = () => {} }: { only?: readonly string[]; check?: (tarball: string) => void } = {},
): Promise<void> {
  const into = mkdtempSync(join(dirname(dir), '.pack-'));
  try {
    const tarball = await fetcher.pack(spec, into);
    check(tarball);
    const paths = only.map((path) => `package/${path}`);
    // The owner and the rights in it are those of whoever published it.
    const args = [
      '-xzf',
      tarball,
      '-C',
      dir,
      '--strip-components=1',
      '--no-same-owner',
      '--no-same-permissions',
    ];
    await run('tar', [...args, ...paths]);
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}

/** @param wanted `sha512.<hex>`, as behind the `+` of `packageManager` */
export function matchesHash(file: string, wanted: string): boolean {
  const [algorithm = '', hex = ''] = wanted.split('.');
  if (!/^sha(1|224|256|384|512)$/.test(algorithm)) return false;
  return createHash(algorithm).update(readFileSync(file)).digest('hex') === hex.toLowerCase();
}

/** Versions of a tool that are there. */
export function versionsThere(tools: string, name: string): string[] {
  if (!existsSync(tools)) return [];
  return readdirSync(tools).flatMap((entry) =>
    entry.startsWith(`${name}@`) ? [entry.slice(name.length + 1)] : [],
  );
}

/**
 * Removes versions of Node that no release names.
 *
 * @param named paths of programs, as records and plans have them
 * @param olderThan those that are newer may be of a release that is being made; milliseconds since the epoch
 */
export function pruneNodes(tools: string, named: Iterable<string>, olderThan: number): string[] {
  const wanted = new Set([...named].map((path) => dirname(dirname(path))));
  const removed: string[] = [];
  for (const version of versionsThere(tools, 'node')) {
    const dir = join(tools, `node@${version}`);
    if (wanted.has(dir) || statSync(dir).mtimeMs > olderThan) continue;
    rmSync(dir, { recursive: true, force: true });
    removed.push(version);
  }
  return removed;
}
