/**
 * `npm test`: installs and builds what is missing, runs all tests, and says at the end what failed, what was skipped
 * and what was left running.
 *
 *   npm test                      all
 *   npm test -- edge logs         only test files with `edge` or `logs` in their path
 *   npm test -- --grep reload     only tests whose name matches the pattern
 *   npm test -- --no-build        with what was compiled before
 *
 * HOLDFAST_TEST_ALL=1 makes a missing program a failure instead of a skip.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { build, filesBelow, install, requireNode, root } from './prepare.js';
import { endLeftovers } from './test-leftovers.js';
import { Report } from './test-report.js';

const MINUTE = 60_000;

requireNode();
const { values: options, positionals: wanted } = readArguments();
if (!options['no-build']) {
  install();
  build({ tests: true });
}

const built = join(root, '.build');
const files = ['src', 'test', 'bench']
  .flatMap((folder) => filesBelow(join(built, folder)))
  .filter((file) => file.endsWith('.test.js'))
  .map((file) => relative(built, file))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`No test file has ${wanted.map((part) => `"${part}"`).join(' or ')} in its path`);
  process.exit(1);
}

// What waits longest begins first, so that nothing long is left alone at the end; how long is guessed from its awaits.
const texts = new Map(files.map((file) => [file, readFileSync(join(built, file), 'utf8')]));
const weight = (file) => texts.get(file).split(/\bawait\b/).length;
files.sort((a, b) => weight(b) - weight(a));

// Most tests wait for three quarters of their time. Those under load need the cores: they come last, and fewer at once.
const isLoaded = (file) =>
  /^test\/browser\//.test(file) ||
  (/^test\/stories\//.test(file) && /support\/load\.js|\/soak\//.test(texts.get(file)));
const parallel = Math.min(availableParallelism(), 4);
const phases = [
  { title: 'Parts and stories', files: files.filter((file) => !isLoaded(file)), concurrency: parallel * 3 },
  { title: 'Stories under load', files: files.filter(isLoaded), concurrency: parallel * 2 + 1 },
];

// Everything that a test starts carries this directory in its environment or its arguments: see test-leftovers.js.
// The path is short, because unix sockets are made in it.
const scratch = mkdtempSync('/tmp/hft-');
// Some tests run programs as other users, below it.
chmodSync(scratch, 0o711);
process.env.TMPDIR = scratch;
for (const name of ['HOLDFAST_HOME', 'HOLDFAST_GUEST', 'NODE_ENV']) delete process.env[name];
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, async () => {
    await endLeftovers(scratch);
    process.exit(1);
  });
}

const report = new Report({ root, built });
for (const { title, files, concurrency } of phases) {
  if (files.length === 0) continue;
  report.phase(`${title}: ${files.length} files, Node ${process.versions.node}`);
  const events = run({
    files: files.map((file) => join(built, file)),
    concurrency,
    timeout: 8 * MINUTE,
    ...(options.grep && { testNamePatterns: [options.grep] }),
  });
  for await (const event of events) report.event(event);
  report.leftovers(await endLeftovers(scratch));
}
process.exit(report.end() ? 0 : 1);

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { grep: { type: 'string' }, 'no-build': { type: 'boolean', default: false } },
    });
  } catch (error) {
    console.error(
      `${error.message.split('. ')[0]}: npm test -- [--grep pattern] [--no-build] [part of a path…]`,
    );
    process.exit(2);
  }
}
