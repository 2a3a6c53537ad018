/** A deploy with packages of a private registry: they get in, its token does not; and when it is down, that is said, soon. */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { releasePaths } from '../../src/release/paths.ts';
import { gitProject } from '../support/git-project.ts';
import { tinyRegistry } from '../support/registry.ts';
import { testHome } from '../support/test-home.ts';

const TOKEN = 'npm_5d0c81f2b7a94e66';

test('packages of a private registry are installed, its token is kept nowhere; a registry that is down is told in one line', async (t) => {
  const home = testHome(t, { env: { NPM_TOKEN: TOKEN } });
  // Root's installs run as somebody else, who must get there.
  chmodSync(home.dir, 0o711);
  const registry = await tinyRegistry(
    t,
    ['1.0.0', '1.0.1'].map((version) => ({ name: 'pad', version, files: { 'index.js': '' } })),
    { token: TOKEN },
  );
  const withPad = (version: string) => {
    const manifest = { name: 'shop', version: '1.0.0', dependencies: { pad: version } };
    const packages = { '': manifest, 'node_modules/pad': registry.entry('pad', version) };
    return {
      'package.json': JSON.stringify(manifest),
      'package-lock.json': JSON.stringify({ name: 'shop', lockfileVersion: 3, requires: true, packages }),
    };
  };
  const project = gitProject(join(home.dir, 'shop'), {
    ...withPad('1.0.0'),
    '.npmrc': `registry=${registry.url}\n${registry.url.slice('http:'.length)}:_authToken=\${NPM_TOKEN}\n`,
    'holdfast.config.json': JSON.stringify({
      name: 'shop',
      apps: { web: { run: 'server.js' } },
      release: { bake: 0, buildEnv: ['NPM_TOKEN'] },
    }),
    'server.js': 'require("pad"); setInterval(() => {}, 1000);',
  });
  const first = await home.run(['deploy'], { cwd: project.dir });
  assert.equal(first.code, 0, first.stderr);
  const rows = (await home.ok(['packages', '--json'])).json<{ name: string; version: string }[]>();
  assert.deepEqual(
    rows.map(({ name, version }) => `${name}@${version}`),
    ['pad@1.0.0'],
  );

  project.commit(withPad('1.0.1'), 'A newer pad');
  const stranger = await home.run(['deploy'], { cwd: project.dir, env: { NPM_TOKEN: 'wrong' } });
  assert.equal(stranger.code, 1);
  assert.match(stranger.stderr, /does not give out "pad": 401 Unauthorized\n {2}Does it want a token\?/);
  await registry.stop();
  const second = await home.run(['deploy'], { cwd: project.dir });
  assert.equal(second.code, 1);
  assert.match(
    second.stderr,
    /hold: The step install failed: Cannot reach the registry "127\.0\.0\.1:\d+" for "pad": connect ECONNREFUSED/,
  );
  assert.match(second.stderr, /`--offline` takes what was fetched here before/);
  assert.doesNotMatch(second.stderr, /npm (ERR!|error)|\n {4}at |A complete log/);
  assert.match(second.stderr, /still serves: /);

  const { releases } = releasePaths(home.paths.home, 'shop');
  assert.ok(readdirSync(releases).length > 0);
  for (const dir of [home.paths.home, `${home.paths.home}-releases`])
    assert.deepEqual(filesWith(TOKEN, dir), []);
  for (const { stdout, stderr } of [first, second]) assert.doesNotMatch(stdout + stderr, new RegExp(TOKEN));
});

function filesWith(text: string, dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() && readFileSync(path).includes(text) ? [path] : [];
  });
}
