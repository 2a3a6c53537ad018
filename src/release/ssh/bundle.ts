/** This very Holdfast as something to be sent: the package with what it needs in production, as npm would install it. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HoldfastError } from '../../errors.ts';

export interface Bundle {
  /** `0.1.0-3f2a91c0`: the same content has the same name. */
  readonly name: string;
  readonly version: string;
  /** A compressed tar archive. */
  read(): AsyncIterable<Uint8Array>;
  close(): void;
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** What of the package is needed to run it. */
const parts = ['bin', 'dist', 'package.json', 'LICENSE'];

/** @throws HoldfastError INTERNAL when our own package is not as it should be */
export function openBundle(root: string = packageRoot()): Bundle {
  const stage = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'));
  const close = () => rmSync(stage, { recursive: true, force: true });
  try {
    const { version = 'unknown' } = manifestOf(root);
    for (const part of parts)
      if (existsSync(join(root, part))) symlinkSync(realpathSync(join(root, part)), join(stage, part));
    stageDependencies(root, stage, stage);
    return {
      name: `${version}-${contentHash(stage).slice(0, 8)}`,
      version,
      read: () => archive(stage),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Above this file, wherever it was compiled to. */
function packageRoot(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'bin', 'holdfast.js')) && manifestOf(dir).name === 'holdfast') return dir;
    if (dir === dirname(dir)) throw new HoldfastError('INTERNAL', 'The package of Holdfast cannot be found');
  }
}

/** Each package once beside the others; one that another version is wanted of goes below who wants it. */
function stageDependencies(from: string, to: string, top: string): void {
  for (const name of Object.keys(manifestOf(from).dependencies ?? {})) {
    const found = resolvePackage(from, name);
    const shared = join(top, 'node_modules', name);
    if (existsSync(shared) && realpathSync(shared) === found) continue;
    const place = existsSync(shared) ? join(to, 'node_modules', name) : shared;
    mkdirSync(place, { recursive: true });
    // The directory is one of ours, so that packages can be put below it.
    for (const entry of readdirSync(found))
      if (entry !== 'node_modules') symlinkSync(join(found, entry), join(place, entry));
    stageDependencies(found, place, top);
  }
}

/** As Node finds it. */
function resolvePackage(from: string, name: string): string {
  for (let dir = realpathSync(from); ; dir = dirname(dir)) {
    const path = join(dir, 'node_modules', name);
    if (existsSync(path)) return realpathSync(path);
    if (dir === dirname(dir))
      throw new HoldfastError('INTERNAL', `The package "${name}" of Holdfast cannot be found`);
  }
}

function manifestOf(dir: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return {};
  }
}

/** Of all files, by name and content, as they are sent: links are followed. */
function contentHash(stage: string): string {
  const sum = createHash('sha256');
  const visit = (dir: string) => {
    for (const name of readdirSync(dir).sort()) {
      const path = join(dir, name);
      const real = realpathSync(path);
      if (lstatSync(real).isDirectory()) visit(path);
      else sum.update(`${JSON.stringify(relative(stage, path))} `).update(readFileSync(real));
    }
  };
  visit(stage);
  return sum.digest('hex');
}

async function* archive(stage: string): AsyncGenerator<Uint8Array> {
  const child = spawn('tar', ['-czhf', '-', '-C', stage, '.'], {
    // macOS would add its own files.
    env: { ...process.env, COPYFILE_DISABLE: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  yield* child.stdout;
  if ((await ended) !== 0) throw new HoldfastError('PROGRAM_MISSING', 'Cannot pack Holdfast with "tar"');
}
