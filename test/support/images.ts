/** Images that are built and run with `buildah`, without a daemon and without downloads. Root only. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cleanup, type Test } from './cleanup.ts';
import { findProgram, requireProgram, unavailable } from './programs.ts';
import { tempDir } from './temp-dir.ts';

export interface ImageConfig {
  readonly User: string;
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
  readonly StopSignal: string;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

export interface ImageStore {
  /** An image that has no more than Node, npm and `sh`, in the place of the public one of this name. */
  makeNodeImage(name: string): Promise<void>;
  /** @returns what was said */
  build(context: string, args: readonly string[]): Promise<string>;
  config(image: string): Promise<ImageConfig>;
  /** A container of the image, and where its files are. */
  container(image: string): Promise<{ readonly id: string; readonly root: string }>;
  /** The command that runs `argv` in it, as whom and with what the image says; with the network of this machine. */
  command(container: string, argv: readonly string[]): readonly string[];
}

export function imageStore(t: Test): ImageStore | undefined {
  const buildah = requireProgram(t, 'buildah');
  if (!buildah) return undefined;
  if (process.getuid?.() !== 0) {
    unavailable(t, 'only root can build images');
    return undefined;
  }
  const dir = tempDir(t);
  const own = ['--root', join(dir, 'store'), '--runroot', join(dir, 'run')];
  const run = async (...args: string[]) => {
    const done = await promisify(execFile)(buildah, [...own, ...args], { maxBuffer: 1 << 24 });
    return done.stdout.trim();
  };
  // It mounts what it shows.
  cleanup(t, () => void execFileSync(buildah, [...own, 'rm', '--all'], { stdio: 'ignore' }));
  return {
    async makeNodeImage(name) {
      const root = join(dir, 'node');
      fillWithNode(root);
      const id = await run('from', 'scratch');
      await run('copy', '--quiet', id, root, '/');
      await run('config', '--env', 'PATH=/usr/local/bin:/usr/bin:/bin', id);
      await run('commit', '--quiet', '--rm', id, name);
    },
    async build(context, args) {
      const how = ['--isolation', 'chroot', '--pull-never', '--format', 'docker'];
      const { stdout, stderr } = await promisify(execFile)(buildah, [
        ...own,
        'build',
        ...how,
        ...args,
        context,
      ]);
      return stdout + stderr;
    },
    async config(image) {
      return JSON.parse(await run('inspect', '--type', 'image', image)).Docker.config;
    },
    async container(image) {
      const id = await run('from', '--pull-never', image);
      return { id, root: await run('mount', id) };
    },
    command: (container, argv) => [buildah, ...own, 'run', '--isolation', 'chroot', container, '--', ...argv],
  };
}

/** Node as it runs here, npm, a shell, and the libraries of both. */
function fillWithNode(root: string): void {
  for (const sub of [
    'usr/local/bin',
    'usr/local/lib/node_modules',
    'bin',
    'etc',
    'tmp',
    'root',
    'proc',
    'dev',
    'sys',
  ]) {
    mkdirSync(join(root, sub), { recursive: true });
  }
  for (const [program, path] of [
    [process.execPath, 'usr/local/bin/node'],
    ['/bin/sh', 'bin/sh'],
    [findProgram('env') ?? '/usr/bin/env', 'usr/bin/env'],
  ] as const) {
    for (const library of librariesOf(program)) copy(library, join(root, library));
    copy(program, join(root, path));
  }
  const npm = dirname(dirname(realpathSync(findProgram('npm') ?? 'npm')));
  cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
}

function librariesOf(program: string): string[] {
  const said = execFileSync('ldd', [realpathSync(program)], { encoding: 'utf8' });
  return [...said.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => path ?? []);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(from), to);
}
