/**
 * `npm run docs`: builds the documentation as a site, into docs/.vitepress/dist. What that needs is installed in docs/ the first
 * time, and whenever its lockfile has changed; after that no network is needed.
 *
 *   npm run docs                  build
 *   npm run docs -- --serve       build, and serve it on this machine until Ctrl-C (PORT, default 4173)
 *   npm run docs -- --out <dir>   build to another directory
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { requireNode, root } from './prepare.js';

const docs = join(root, 'docs');
const lockfile = join(docs, 'package-lock.json');
const installed = join(docs, 'node_modules', '.holdfast-lockfile');
const vitepress = join(docs, 'node_modules', 'vitepress', 'bin', 'vitepress.js');

requireNode();
const options = readArguments();
if (!isInstalled()) {
  console.log('Installing what builds the site into docs/node_modules (100 MB, once)');
  run('npm', ['ci', '--no-fund', '--no-audit']);
  copyFileSync(lockfile, installed);
}
const out = resolve(options.out ?? join(docs, '.vitepress', 'dist'));
run(process.execPath, [vitepress, 'build', '--outDir', out]);
console.log(`The site is in ${out}`);
if (options.serve) {
  run(process.execPath, [vitepress, 'preview', '--outDir', out, '--port', process.env.PORT || '4173']);
}

function isInstalled() {
  return (
    existsSync(vitepress) &&
    existsSync(installed) &&
    readFileSync(installed, 'utf8') === readFileSync(lockfile, 'utf8')
  );
}

/** Runs it in docs/; when it fails, this ends with its exit code. */
function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: docs, stdio: 'inherit' });
  if (error) console.error(`Cannot run "${command}": ${error.message}`);
  if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
}

function readArguments() {
  try {
    return parseArgs({ options: { serve: { type: 'boolean', default: false }, out: { type: 'string' } } })
      .values;
  } catch (error) {
    console.error(`${error.message.split('. ')[0]}: npm run docs -- [--serve] [--out dir]`);
    process.exit(2);
  }
}
