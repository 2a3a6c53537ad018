import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { fetchedManagers, managerVersions } from '../../../test/support/managers.ts';
import { type TinyPackage, type TinyRegistry, tinyRegistry } from '../../../test/support/registry.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { releaseDefaults } from '../../config/release-defaults.ts';
import { systemClock } from '../../kit/clock.ts';
import { ownNode } from '../node/runtime.ts';
import type { PackagesRequest, StepRunner } from '../seams.ts';
import { createFileStore } from '../store/file-store.ts';
import { type Fetcher, ownNpm } from '../tools.ts';
import type { Manager } from './manager.ts';
import { ensureManager } from './manager-tool.ts';
import { Packages } from './packages.ts';

const run = promisify(execFile);
const TOKEN = 'npm_3f9a1c77e0d24b5a';

const packages: TinyPackage[] = [
  { name: 'pad', version: '1.0.0', files: { 'index.js': 'module.exports = require("@acme/ui") + " pad"' } },
  { name: '@acme/ui', version: '2.0.0', files: { 'index.js': 'module.exports = "ui"' } },
  { name: 'lint', version: '3.0.0', files: { 'index.js': '' } },
].map((one) => (one.name === 'pad' ? { ...one, manifest: { dependencies: { '@acme/ui': '^2.0.0' } } } : one));

interface Case {
  readonly kind: Manager['kind'];
  /** What developers run to write the lockfile. */
  readonly lock: readonly string[];
  /** Registry and token, as the project has them. */
  readonly config: (registry: TinyRegistry) => Readonly<Record<string, string>>;
}

const npmrc = ({ url }: TinyRegistry) => ({
  '.npmrc': `registry=${url}\n${url.slice('http:'.length)}:_authToken=\${NPM_TOKEN}\nalways-auth=true\n`,
});
const yarnrc = ({ url }: TinyRegistry) => ({
  '.yarnrc.yml': `npmRegistryServer: "${url}"\nnpmAuthToken: "\${NPM_TOKEN}"\nnpmAlwaysAuth: true\nunsafeHttpWhitelist: ["127.0.0.1"]\n`,
});

const cases: Case[] = [
  { kind: 'pnpm', lock: ['pnpm', 'install', '--lockfile-only'], config: npmrc },
  { kind: 'yarn', lock: ['yarn', 'install', '--non-interactive'], config: npmrc },
  { kind: 'berry', lock: ['yarn', 'install', '--mode=update-lockfile'], config: yarnrc },
  { kind: 'bun', lock: ['bun', 'install', '--lockfile-only'], config: npmrc },
];

for (const { kind, lock, config } of cases) {
  test(`${kind} ${managerVersions[kind as 'bun']} installs from its lockfile and a private registry, and the token stays nowhere`, async (t) => {
    const fetcher = fetchedManagers(t);
    if (!fetcher) return;
    const registry = await tinyRegistry(t, packages, { token: TOKEN });
    const { home, runner, tool, install } = await site(t, fetcher, kind as 'bun');
    const project = join(home, 'project');
    write(project, {
      'package.json': JSON.stringify({
        name: 'shop',
        packageManager: `${tool.name}@${tool.version}`,
        dependencies: { pad: '^1.0.0' },
        devDependencies: { lint: '^3.0.0' },
      }),
      ...config(registry),
    });
    // Developers have their token in their own file.
    const mine = { npm_config_userconfig: join(project, '.npmrc') };
    await runner.run(lock, { cwd: project, path: [tool.bin, dirname(process.execPath)], env: mine });
    rmSync(join(project, 'node_modules'), { recursive: true, force: true });

    // Where all are new, npm asks how old they are: yarn alone has a file for registries that npm does not read.
    const first = await install(project, 'first', kind === 'berry' ? [] : null);
    assert.deepEqual([first.record.manager, first.record.managerVersion], [tool.name, tool.version]);
    assert.equal(first.record.count, 2);
    assert.deepEqual(
      first.packages
        .filter(({ from }) => from !== 'workspace')
        .map(({ name, version, from, dev }) => `${name}@${version} ${from} ${dev ? 'dev' : ''}`.trim()),
      ['@acme/ui@2.0.0 registry', 'lint@3.0.0 registry dev', 'pad@1.0.0 registry'],
    );
    assert.equal(createRequire(join(home, 'first/server.js'))('pad'), 'ui pad');
    assert.equal(existsSync(join(home, 'first/node_modules/lint')), false);
    assert.ok(registry.asked.includes('/-/npm/v1/security/advisories/bulk'));
    const asked = registry.asked.length;
    assert.equal((await install(project, 'second', first.packages)).record.reused, true);
    assert.equal(createRequire(join(home, 'second/server.js'))('pad'), 'ui pad');
    assert.equal(registry.asked.length, asked);
    assert.deepEqual(filesWith(TOKEN, home), []);
  });
}

async function site(t: TestContext, fetcher: Fetcher, kind: keyof typeof managerVersions) {
  const home = tempDir(t);
  const tools = join(home, 'tools');
  const store = createFileStore(join(home, 'store'));
  const env = { PATH: process.env.PATH ?? '', HOME: join(home, 'build'), NPM_TOKEN: TOKEN };
  mkdirSync(env.HOME);
  const read: StepRunner['read'] = async ([file = '', ...args], { cwd, path = [], env: more = {} }) => {
    const PATH = [...path, env.PATH].join(delimiter);
    const { stdout } = await run(file, args, { cwd, env: { ...env, ...more, PATH } });
    return stdout;
  };
  const runner: StepRunner = {
    read,
    run: async (words, options) => void (await read(words, options)),
    say() {},
  };
  const place = { tools, fetcher, ownNpm: ownNpm(), offline: false, platform: ownNode(), say() {} };
  const name = kind === 'berry' ? 'yarn' : kind;
  const tool = await ensureManager({ kind, name, version: managerVersions[kind], hash: null }, place);
  return {
    home,
    runner,
    tool,
    async install(project: string, as: string, before: PackagesRequest['before']) {
      const dir = join(home, as);
      const files = readdirSync(project, { withFileTypes: true }).filter((one) => one.isFile());
      write(
        dir,
        Object.fromEntries(files.map((one) => [one.name, readFileSync(join(project, one.name), 'utf8')])),
      );
      const request: PackagesRequest = {
        dir,
        node: ownNode(),
        rules: { ...releaseDefaults.install, signatures: false },
        before,
        allowNew: [],
        offline: false,
        store,
        tools,
        builds: false,
        runner,
      };
      const made = await Packages.of(request, {
        clock: systemClock,
        fetcher,
        ownNpm: ownNpm(),
        ownNode: ownNode(),
        env,
        secrets: { NPM_TOKEN: TOKEN },
      });
      assert.ok(made);
      await made.prepare();
      return made.produce();
    },
  };
}

function write(dir: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
}

function filesWith(text: string, dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() && readFileSync(path).includes(text) ? [path] : [];
  });
}
