/**
 * What `npm test` and `npm start` need before they can begin on a machine that has only Node and npm: the installed
 * packages and the compiled code. Plain JavaScript without dependencies, because it runs before both.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Ends the process with a clear message when this Node is too old to go on. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Holdfast needs Node 20.19 or newer: this is ${process.version} (${process.execPath})`);
  process.exit(1);
}

/** Runs `npm ci` when node_modules is missing or is not what package-lock.json says. */
export function install() {
  const why = staleReason();
  if (why === undefined) return;
  console.log(`Installing packages (${why})`);
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Compiles `src` to `dist`, and with `tests` everything to `.build`; removes what has no source any more. */
export function build({ tests = false } = {}) {
  run('npm', ['run', '--silent', 'build']);
  prune(join(root, 'dist'), join(root, 'src'));
  if (!tests) return;
  run('npm', ['run', '--silent', 'build:tests']);
  prune(join(root, '.build'), root);
}

/** The lock file that npm leaves inside node_modules tells what is really there. */
function staleReason() {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return 'node_modules is missing';
  const there = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.optional || there[path]?.version === entry.version) continue;
    return `${path.replace(/^.*node_modules\//, '')} ${entry.version} is missing`;
  }
  return undefined;
}

/** A compiled test whose source was deleted would run for ever. */
function prune(outDir, sourceDir) {
  const sources = { '.js': '.ts', '.mjs': '.mts', '.cjs': '.cts' };
  const page = join(outDir, 'dashboard', 'page', 'assets'); // vite's, which empties it itself
  for (const file of filesBelow(outDir)) {
    if (file.startsWith(page)) continue;
    const match = /^(.*?)(?:\.d)?(\.[mc]?[jt]s)(?:\.map)?$/.exec(relative(outDir, file));
    if (!match) continue;
    const [, stem, extension] = match;
    const source = join(sourceDir, stem + (sources[extension] ?? extension));
    if (!existsSync(source) && !existsSync(join(sourceDir, stem + extension))) rmSync(file);
  }
}

/** Every file below `dir`, none when it does not exist; node_modules is not looked into. */
export function filesBelow(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    if (!statSync(path).isDirectory()) return [path];
    return name === 'node_modules' ? [] : filesBelow(path);
  });
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  console.error(`\`${command} ${args.join(' ')}\` failed${error ? `: ${error.message}` : ''}`);
  process.exit(1);
}
