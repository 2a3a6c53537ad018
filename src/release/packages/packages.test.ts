import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { allNodes, type NodeBinary } from '../../../test/support/nodes.ts';
import { requireProgram, unavailable } from '../../../test/support/programs.ts';
import { type TinyPackage, type TinyRegistry, tinyRegistry } from '../../../test/support/registry.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { releaseDefaults } from '../../config/release-defaults.ts';
import { HoldfastError } from '../../errors.ts';
import { FakeClock } from '../../kit/clock.ts';
import { ownNode } from '../node/runtime.ts';
import type { NodeRuntime, PackagesRequest, Produced, StepRunner } from '../seams.ts';
import { createFileStore } from '../store/file-store.ts';
import { npmFetcher, ownNpm } from '../tools.ts';
import { Packages } from './packages.ts';

const run = promisify(execFile);

/** npm is put there once for all tests. */
const tools = mkdtempSync(join(tmpdir(), 't-'));
after(() => rmSync(tools, { recursive: true, force: true }));

const NOW = Date.parse('2026-11-23T12:00:00Z');

const packages: TinyPackage[] = [
  {
    name: 'thief',
    version: '1.0.0',
    manifest: { scripts: { postinstall: 'echo npm_0123"45"6789 > token' } },
  },
  { name: 'pad', version: '1.0.0', files: { 'index.js': 'module.exports = "pad 1"' } },
  {
    name: 'pad',
    version: '1.0.1',
    files: { 'index.js': 'module.exports = "pad 2"' },
    publishedAt: '2026-11-23T09:00:00Z',
  },
  { name: '@acme/ui', version: '2.0.0', files: { 'index.js': '' } },
  {
    name: 'native',
    version: '1.0.0',
    manifest: { scripts: { postinstall: 'echo built by $npm_package_name > built.txt' } },
  },
  {
    name: 'adder',
    version: '1.0.0',
    files: {
      'binding.gyp': JSON.stringify({ targets: [{ target_name: 'adder', sources: ['adder.c'] }] }),
      // An addon that is of one Node, as those in C++ are, without compiling C++ for seconds.
      'adder.c': `
#include <node_version.h>
struct addon { int version; unsigned flags; void *handle; const char *file; void (*init)(void); void *a; const char *name; void *b, *c; };
extern void node_module_register(void *);
static void init(void) {}
static struct addon self = { NODE_MODULE_VERSION, 0, 0, __FILE__, init, 0, "adder", 0, 0 };
__attribute__((constructor)) static void add(void) { node_module_register(&self); }
`,
    },
  },
  {
    name: 'lint',
    version: '3.0.0',
    manifest: { bin: 'bin/lint.js' },
    files: { 'bin/lint.js': '#!/usr/bin/env node' },
  },
];

interface Site {
  readonly registry: TinyRegistry;
  readonly home: string;
  readonly said: string[];
  /** A release with these packages: `name@version`, with `dev:` before those for development. */
  release(name: string, specs: readonly string[], more?: Partial<PackagesRequest>): Promise<Produced>;
  dir(name: string): string;
}

/** All that is needed to install, in a directory of its own; npm runs as it does on a server. */
async function site(t: TestContext): Promise<Site> {
  const registry = await tinyRegistry(t, packages);
  const home = tempDir(t);
  const said: string[] = [];
  const store = createFileStore(join(home, 'store'));
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    npm_config_registry: registry.url,
    npm_config_fetch_retries: '0',
  };
  const runner = plainRunner(env, said);
  const dir = (name: string) => join(home, 'releases', name);
  return {
    registry,
    home,
    said,
    dir,
    async release(name, specs, more = {}) {
      writeProject(dir(name), specs, registry);
      const request: PackagesRequest = {
        dir: dir(name),
        node: ownNode(),
        rules: { ...releaseDefaults.install, signatures: false },
        before: null,
        allowNew: [],
        offline: false,
        store,
        tools,
        builds: false,
        runner,
        ...more,
      };
      const made = await Packages.of(request, {
        clock: new FakeClock(NOW),
        fetcher: npmFetcher(env),
        ownNpm: ownNpm(),
        ownNode: ownNode(),
        env,
        secrets: { TOKEN: 'npm_0123456789' },
      });
      assert.ok(made);
      said.push((await made.prepare()).note);
      if (request.builds) assert.ok(existsSync(join(request.dir, 'node_modules/.bin/lint')));
      return made.produce();
    },
  };
}

function plainRunner(env: Readonly<Record<string, string>>, said: string[]): StepRunner {
  const read: StepRunner['read'] = (
    [file = '', ...args],
    { cwd, path = [], alsoGood = [], env: more = {} },
  ) =>
    new Promise((resolve, reject) => {
      said.push([file, ...args].join(' '));
      const PATH = [...path, env.PATH].join(':');
      execFile(file, args, { cwd, env: { ...env, ...more, PATH } }, (error, stdout, stderr) => {
        const good = !error || alsoGood.includes(Number(error.code));
        if (good) return resolve(stdout);
        reject(new HoldfastError('STEP_FAILED', `"${file}" failed`, { details: stderr.split('\n') }));
      });
    });
  return {
    read,
    run: async (words, options) => void (await read(words, options)),
    say: (line) => void said.push(line),
  };
}

function writeProject(dir: string, specs: readonly string[], registry: TinyRegistry): void {
  mkdirSync(dir, { recursive: true });
  const parsed = specs.map((spec) => {
    const dev = spec.startsWith('dev:');
    const [, name = '', version = ''] = /^(?:dev:)?(@?[^@]+)@(.*)$/.exec(spec) ?? [];
    return { dev, name, version };
  });
  const of = (wanted: boolean) =>
    Object.fromEntries(
      parsed.filter(({ dev }) => dev === wanted).map(({ name, version }) => [name, version]),
    );
  const manifest = { name: 'shop', version: '1.0.0', dependencies: of(false), devDependencies: of(true) };
  const entries = parsed.map(({ dev, name, version }) => {
    const { manifest: facts = {} } =
      packages.find((one) => one.name === name && one.version === version) ?? {};
    const more = {
      ...(dev && { dev }),
      ...(facts.scripts !== undefined && { hasInstallScript: true }),
      ...(typeof facts.bin === 'string' && { bin: { [name]: facts.bin } }),
    };
    return [`node_modules/${name}`, { ...registry.entry(name, version), ...more }];
  });
  const lock = {
    name: 'shop',
    lockfileVersion: 3,
    requires: true,
    packages: { '': manifest, ...Object.fromEntries(entries) },
  };
  writeFileSync(join(dir, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(dir, 'package-lock.json'), JSON.stringify(lock, null, 2));
}

function refused(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof HoldfastError, String(error));
    assert.match(`${error.message} ${error.hint} ${error.details.join(' ')}`, message);
    return true;
  };
}

test('an unchanged lockfile is no install; install scripts run only when they may', async (t) => {
  const { release, dir, said, registry } = await site(t);
  const first = await release('1', ['pad@1.0.0', 'native@1.0.0']);
  assert.equal(first.record.count, 2);
  assert.equal(first.record.reused, false);
  assert.match(first.record.notes.join('\n'), /not run: native.*allowScripts: \['native'\]/);
  assert.ok(!existsSync(join(dir('1'), 'node_modules/native/built.txt')));
  assert.ok(existsSync(join(dir('1'), 'node_modules/pad/index.js')));

  const before = first.packages;
  const commands = said.length;
  const asked = registry.asked.length;
  const second = await release('2', ['pad@1.0.0', 'native@1.0.0'], { before });
  assert.equal(second.record.reused, true);
  assert.deepEqual(said.slice(commands), ['2 packages, from the store']);
  assert.equal(registry.asked.length, asked);
  const file = 'node_modules/pad/index.js';
  assert.equal(statSync(join(dir('2'), file)).ino, statSync(join(dir('1'), file)).ino);
  assert.equal(second.sbom, first.sbom);

  const rules = { ...releaseDefaults.install, signatures: false, allowScripts: ['native'] };
  const third = await release('3', ['pad@1.0.0', 'native@1.0.0'], { before, rules });
  assert.equal(third.record.reused, false);
  assert.equal(readFileSync(join(dir('3'), 'node_modules/native/built.txt'), 'utf8'), 'built by native\n');
});

test('what the build needs is gone afterwards, and nothing else', async (t) => {
  const { release, dir } = await site(t);
  const fixture = join(dir('1'), 'test/fixtures/node_modules/.cache');
  mkdirSync(fixture, { recursive: true });
  const { record } = await release('1', ['pad@1.0.0', 'dev:lint@3.0.0'], { builds: true });
  assert.ok(existsSync(fixture));
  assert.equal(record.count, 1);
  const modules = join(dir('1'), 'node_modules');
  assert.deepEqual(readdirSync(modules), ['pad']);
});

test('a version that is too young, vulnerable, or not what was published is refused', async (t) => {
  const { release, registry } = await site(t);
  const { packages: before } = await release('1', ['pad@1.0.0']);
  await assert.rejects(
    release('2', ['pad@1.0.1'], { before }),
    refused(/pad@1\.0\.1 is new, and was published 3h ago.*--allow-new pad@1\.0\.1/),
  );
  await release('3', ['pad@1.0.1'], { before, allowNew: ['pad@1.0.1'] });

  const advisory = {
    id: 1,
    title: 'pads too much',
    severity: 'high',
    url: 'https://a.example/1',
    vulnerable_versions: '<2',
  };
  registry.advisories = { pad: [advisory] };
  const rules = { ...releaseDefaults.install, signatures: false, audit: 'high' as const };
  await assert.rejects(
    release('4', ['pad@1.0.0'], { before, rules }),
    refused(/high: pad@1\.0\.0: pads too much/),
  );

  registry.broken = true;
  const scoped = ['pad@1.0.0', '@acme/ui@2.0.0'];
  await assert.rejects(
    release('5', scoped, { before }),
    refused(/"(pad@1\.0\.0|@acme\/ui@2\.0\.0)" is not what "package-lock\.json" says/),
  );
});

test('a token in what was installed is refused', async (t) => {
  const { release } = await site(t);
  const rules = { ...releaseDefaults.install, signatures: false, allowScripts: ['thief'] };
  await assert.rejects(
    release('1', ['thief@1.0.0'], { rules }),
    refused(/value of "TOKEN" would be in the release, in "node_modules\/thief\/token"/),
  );
});

test('a native addon is compiled for the Node that runs it, and anew when that changes', async (t) => {
  for (const program of ['cc', 'make', 'python3']) if (!requireProgram(t, program)) return;
  const [one, two] = await Promise.all(
    allNodes()
      .filter(({ major }) => [22, 24].includes(major))
      .map(runtime),
  );
  if (!one || !two) return unavailable(t, 'needs Node 22 and 24');
  const { release, dir } = await site(t);
  const without = await release('0', ['adder@1.0.0'], { node: one });
  assert.match(without.record.notes.join('\n'), /not run: adder.*allowScripts: \['adder'\]/);
  const rules = { ...releaseDefaults.install, signatures: false, allowScripts: ['adder'] };
  const loads = (name: string, { path }: NodeRuntime) => {
    const file = join(dir(name), 'node_modules/adder/build/Release/adder.node');
    const script = 'process.dlopen({ exports: {} }, process.argv[1])';
    return run(path, ['-e', script, file]).then(
      () => true,
      () => false,
    );
  };
  for (const [name, node] of [
    ['1', one],
    ['2', two],
  ] as const) {
    const { record } = await release(name, ['adder@1.0.0'], { node, rules });
    assert.deepEqual([record.reused, record.notes.filter((note) => note.includes('addon'))], [false, []]);
  }
  assert.deepEqual(
    [await loads('1', one), await loads('1', two), await loads('2', one), await loads('2', two)],
    [true, false, false, true],
  );
  const again = await release('3', ['adder@1.0.0'], { node: one, rules });
  assert.deepEqual([again.record.reused, await loads('3', one)], [true, true]);
});

async function runtime({ version, path }: NodeBinary): Promise<NodeRuntime> {
  return { version, path, abi: (await run(path, ['-p', 'process.versions.modules'])).stdout.trim() };
}
