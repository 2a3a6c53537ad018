/** A deploy either serves or changes nothing; nobody who uses the app notices either. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { ReleaseRecord } from '../../src/protocol/release.ts';
import { releasePaths } from '../../src/release/paths.ts';
import { type GitProject, gitProject } from '../support/git-project.ts';
import type { HoldResult } from '../support/hold.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const server = (answer: string) => `const http = require('node:http');
http.createServer((req, res) => {
  if (req.url === '/version') return res.end('${answer}');
  res.statusCode = '${answer}' === 'ill' && req.url === '/healthz' ? 500 : 200;
  res.end('ok');
}).listen(process.env.PORT);
`;

async function shop(t: TestContext, release: object = {}) {
  const home = testHome(t);
  // Root's builds run as somebody else, who must get there.
  chmodSync(home.dir, 0o711);
  const port = await freePort();
  const config = {
    name: 'shop',
    apps: {
      web: { run: 'server.js', instances: 2, readyTimeout: '10s', health: { path: '/healthz', every: '5s' } },
    },
    sites: { '*': { routes: { '/': 'web' } } },
    listen: { http: `127.0.0.1:${port}` },
    release: { bake: 0, ...release },
  };
  const project = gitProject(join(home.dir, 'shop'), {
    'holdfast.config.json': JSON.stringify(config),
    'server.js': server('one'),
  });
  const paths = releasePaths(home.paths.home, 'shop');
  const url = `http://127.0.0.1:${port}`;
  return {
    home,
    project,
    paths,
    url,
    config,
    deploy: (...args: string[]) => home.run(['deploy', ...args], { cwd: project.dir }),
    releases: async () =>
      JSON.parse((await home.ok(['releases', '--json'], { cwd: project.dir })).stdout) as ReleaseRecord[],
    version: async () => (await fetch(`${url}/version`)).text(),
  };
}

describe('under load', () => {
  test('releases come, fail, go back and come again without a failed request', async (t) => {
    const { home, project, paths, url, config, deploy, releases, version } = await shop(t);
    const first = await deploy();
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /✔ unpack .* files/);
    assert.match(first.stdout, /✔ shop \d{8}-\d{6}-[0-9a-f]{7} serves/);
    assert.equal(await version(), 'one');
    const load = await startLoad(t, { url: `${url}/`, connections: 4 });

    project.commit({ 'server.js': server('two') }, 'Two');
    const second = await deploy();
    assert.equal(second.code, 0, second.stderr);
    assert.equal(await version(), 'two');
    assert.match((await deploy()).stderr, /nothing to do/);

    // It breaks in the build, then in the trial: the one before serves, and what happened can be read.
    project.commit({
      'holdfast.config.json': JSON.stringify({
        ...config,
        release: { ...config.release, build: 'node build.js' },
      }),
      'build.js': 'console.log("building"); console.error("no such file: main.css"); process.exit(3);',
    });
    const broken = await deploy();
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /The step build failed: "node build\.js" ended with code 3/);
    assert.match(broken.stderr, /no such file: main\.css/);
    project.commit({
      'build.js': null,
      'holdfast.config.json': JSON.stringify(config),
      'server.js': server('ill'),
    });
    const ill = await deploy();
    assert.equal(ill.code, 1, ill.stderr);
    assert.match(ill.stderr, /\/healthz/);
    assert.equal(await version(), 'two');
    const [newest, failed] = await releases();
    assert.deepEqual([newest?.outcome, failed?.outcome], ['failed', 'failed']);
    const shown = await home.ok(['releases', 'show', failed?.id ?? ''], { cwd: project.dir });
    assert.match(shown.stdout, /✖ build .*\n(.*\n)*.*no such file: main\.css/);

    // Back, and back again.
    await home.ok(['rollback'], { cwd: project.dir });
    assert.equal(await version(), 'one');
    await home.ok(['rollback'], { cwd: project.dir });
    assert.equal(await version(), 'two');
    assert.match(
      readlinkSync(paths.current),
      new RegExp(second.stdout.match(/\d{8}-\d{6}-\w{7}/)?.[0] ?? 'x'),
    );
    const { failures } = await load.stop();
    assert.deepEqual(failures, []);
  });
});

test('a second deploy at the same time is told who has begun', async (t) => {
  const { home, project, deploy } = await shop(t, { hooks: { 'before build': 'node wait.js' } });
  const wait =
    'const fs = require("node:fs"); setInterval(() => fs.existsSync("../../../go") && process.exit(), 20);';
  project.commit({ 'wait.js': wait });
  const one = home.background(['deploy'], { cwd: project.dir });
  await until(() => one.stderr().includes('unpack'), { why: 'the first one is on its way' });
  assert.equal(one.child.exitCode, null, one.stderr());
  const other = await deploy();
  assert.equal(other.code, 1);
  assert.match(other.stderr, /"shop" is being deployed by .* for .* \(pid \d+, release 20/);
  writeFileSync(join(`${home.paths.home}-releases`, 'go'), '');
  await until(() => one.child.exitCode !== null, { why: 'the first one is done' });
  assert.equal(one.child.exitCode, 0, one.stderr());
});

test('killed in any step, it leaves what serves alone, and the next deploy goes through', async (t) => {
  const { project, home, deploy, releases, version } = await shop(t);
  await deploy();
  const config = project.git('show', 'HEAD:holdfast.config.json');
  for (const step of ['install', 'build', 'migrate', 'promote']) await killedIn(step, home, project);
  assert.equal(await version(), 'one');
  project.commit({ 'holdfast.config.json': config });
  const next = await deploy();
  assert.equal(next.code, 0, next.stderr);
  assert.equal(await version(), 'two');
  const outcomes = (await releases()).map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ['serving', ...Array(4).fill('abandoned'), 'superseded']);
});

describe('beside each other', { concurrency: true }, () => {
  test('shared files stay, old assets stay reachable, and only as many releases as are to be kept', async (t) => {
    const migrate = `node -e "require('node:fs').appendFileSync('uploads/migrated', 'x')"`;
    const rules = { shared: ['uploads/'], assets: ['public'], keep: 1, migrate };
    const { home, project, deploy, releases, paths } = await shop(t, rules);
    const next = (name: string) => project.commit({ [`public/${name}.js`]: name, 'server.js': server(name) });
    const shared = (name: string) => readFileSync(join(paths.shared, 'uploads', name), 'utf8');
    next('one');
    await done(deploy());
    writeFileSync(join(paths.shared, 'uploads/photo'), 'mine');
    next('two');
    project.git('rm', '-q', 'public/one.js');
    await done(deploy('--no-migrate'));
    assert.deepEqual(readdirSync(join(paths.current, 'public')).sort(), ['one.js', 'two.js']);
    assert.equal(readFileSync(join(paths.current, 'uploads/photo'), 'utf8'), 'mine');
    assert.equal(shared('migrated'), 'x', 'not by the second one');
    await done(deploy('--again'));
    assert.equal(shared('migrated'), 'xx');
    const all = await releases();
    const [newest, before] = all;
    assert.deepEqual(
      all.map(({ outcome }) => outcome),
      ['serving', 'superseded', 'superseded'],
    );
    assert.deepEqual(readdirSync(paths.releases).sort(), [before?.id, newest?.id]);
    const waiting = readdirSync(join(paths.root, 'scratch'), { recursive: true });
    assert.equal(waiting.length, 1, `of the last deploy, and empty: ${waiting}`);

    // What was stopped is not taken for what serves.
    await home.ok(['down']);
    assert.equal((await releases())[0]?.outcome, 'superseded');
    assert.match((await done(deploy())).stdout, /serves/);
  });

  test('what is watched when nobody looks on any more keeps others out, and can be taken back', async (t) => {
    const { home, project, deploy, releases, version, config } = await shop(t);
    await done(deploy());
    const watched = JSON.stringify({ ...config, release: { bake: '10m' } });
    project.commit({ 'server.js': server('two'), 'holdfast.config.json': watched });
    const left = home.background(['deploy'], { cwd: project.dir });
    const bakes = async () => (await releases())[0]?.outcome === 'baking' || left.child.exitCode !== null;
    await until(bakes, { why: 'it is watched' });
    await left.stop('SIGKILL');
    // Its lock is free, but another deploy must not even begin.
    const other = await deploy('--again');
    assert.match(other.stderr, /Another deploy of "shop" is under way: release .* \(bake\)/);
    const back = await home.ok(['rollback'], { cwd: project.dir });
    const [two, one, ...more] = await releases();
    assert.equal(back.stdout.trim(), `${two?.id} was taken back: ${one?.id} serves`);
    assert.deepEqual([two?.outcome, one?.outcome, more], ['rolledBack', 'serving', []]);
    assert.equal(await version(), 'one');
  });
});

async function done(deploy: Promise<HoldResult>): Promise<HoldResult> {
  const result = await deploy;
  assert.equal(result.code, 0, result.stderr);
  return result;
}

/** A deploy that stands still before the step is killed there. */
async function killedIn(step: string, home: TestHome, project: GitProject): Promise<void> {
  const config = JSON.parse(project.git('show', 'HEAD:holdfast.config.json'));
  config.release.hooks = { [`before ${step}`]: 'node wait.js' };
  if (step === 'migrate') config.release.migrate = 'node -e 0';
  project.commit({
    'server.js': server('two'),
    'wait.js': 'setInterval(() => {}, 1000); console.log("waits");',
    'holdfast.config.json': JSON.stringify(config),
  });
  const deploy = home.background(['deploy', '--verbose'], { cwd: project.dir });
  const arrived = () => deploy.stderr().includes('waits') || deploy.child.exitCode !== null;
  await until(arrived, { why: `it is in the step ${step}` });
  assert.equal(deploy.child.exitCode, null, deploy.stderr());
  await deploy.stop('SIGKILL');
}

test('what is deployed is what was committed, and it says what is not', async (t) => {
  const { project, deploy, paths } = await shop(t);
  writeFileSync(join(project.dir, 'note.txt'), 'not committed');
  writeFileSync(join(project.dir, 'server.js'), server('changed'));
  const { code, stderr } = await deploy();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /server\.js/);
  assert.ok(!existsSync(join(paths.current, 'note.txt')));
  assert.deepEqual(readdirSync(paths.current).sort(), ['holdfast.config.json', 'server.js']);
});
