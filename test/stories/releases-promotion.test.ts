/** Promise 7: either the new release serves or the old one still does, and no request fails on the way. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HoldfastConfig } from '../../src/config/config-types.ts';
import type { HoldfastError } from '../../src/errors.ts';
import type { PromoteRequest } from '../../src/protocol/release.ts';
import type { Test } from '../support/cleanup.ts';
import { events, happened } from '../support/journal.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { type Project, startProject } from '../support/releases.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** Says its release; `more` may answer otherwise, with `req`, `res` and `path` at hand. */
function server(more = ''): string {
  return `const release = process.env.HOLDFAST_RELEASE;
console.log('release ' + release + ' begins');
require('node:http').createServer((req, res) => {
  const path = req.url.split('?')[0];
  ${more}
  res.end('release ' + release + ' pid ' + process.pid + ' ' + req.url);
}).listen(process.env.PORT);
`;
}

interface Shop extends Project {
  /** Behind the edge. */
  readonly site: string;
  /** On a held port. */
  readonly held: string;
  readonly home: TestHome;
  release(id: string, code: string, rules?: HoldfastConfig['release']): Promise<PromoteRequest>;
}

/** A project with the app `web` behind the edge, and `raw` on a port of its own. */
async function startShop(t: Test): Promise<Shop> {
  const home = testHome(t);
  const project = await startProject(t, home);
  const [port, rawPort] = [await freePort(), await freePort()];
  const config = (release: HoldfastConfig['release']): HoldfastConfig => ({
    apps: {
      web: { run: 'server.js', instances: 2, drain: '1s' },
      raw: { run: 'server.js', port: rawPort },
      work: { run: 'work.js', ready: 'started' },
    },
    sites: { '*': { routes: { '/': 'web' } } },
    listen: { http: `127.0.0.1:${port}` },
    release: { bake: '100ms', ...release },
  });
  const work = 'setInterval(() => undefined, 1000);';
  return {
    ...project,
    home,
    site: `http://127.0.0.1:${port}/`,
    held: `http://127.0.0.1:${rawPort}/`,
    release: (id, code, rules = {}) =>
      project.make(id, config(rules), { 'server.js': code, 'work.js': work }),
  };
}

/** On a connection of its own: one that is open may lead to an old instance, for a last request. */
async function said(url: string): Promise<string | undefined> {
  const answer = await fetch(url, { headers: { connection: 'close' } });
  return /^release (\S+)/.exec(await answer.text())?.[1];
}

/** Everybody gets this release. On a held port a process that has just been told to drain may take a last connection. */
async function serves({ site, held }: Shop, release: string): Promise<void> {
  const all = async () => [await said(site), await said(site), await said(site), await said(held)];
  await until(async () => (await all()).every((one) => one === release), { why: `${release} serves` });
}

async function refused(promotion: Promise<unknown>): Promise<HoldfastError> {
  return promotion.then(
    () => assert.fail('it was promoted'),
    (error: HoldfastError) => {
      assert.equal(error.code, 'RELEASE_REFUSED', error.message);
      return error;
    },
  );
}

describe('a release', () => {
  test('is promoted, replaced, refused when it is bad, and rolled back: nobody notices', async (t) => {
    const shop = await startShop(t);
    const { home } = shop;
    const one = await shop.release('r1', server());
    assert.equal((await shop.promote(one)).serving, 'r1');
    await serves(shop, 'r1');
    assert.equal(shop.current(), 'r1');

    const loads = [
      await startLoad(t, { url: shop.site, expect: 'url' }),
      await startLoad(t, { url: shop.held, expect: 'url', connections: 4 }),
    ];
    const rules = { smoke: ['/', '/ok?x=1'], canary: ['50%'], canaryStep: '100ms' };
    const two = await shop.release('r2', server(), rules);
    const promoted = await shop.promote(two);
    assert.deepEqual([promoted.serving, promoted.previous, promoted.promotion], ['r2', 'r1', null]);
    await serves(shop, 'r2');
    assert.equal(shop.current(), 'r2');
    const { outcome, steps, servedFrom } = shop.record('r2');
    assert.equal(outcome, 'serving');
    assert.ok(servedFrom);
    assert.deepEqual(
      steps.map(({ name, outcome: came }) => `${name} ${came}`),
      ['trial done', 'canary done', 'rollout done', 'bake done'],
    );
    assert.equal(shop.record('r1').outcome, 'superseded');
    assert.deepEqual((await home.apps()).map(({ name }) => name).sort(), [
      '@edge',
      'bystander',
      'raw',
      'web',
      'work',
    ]);
    assert.ok((await home.ready('web', 2)).every(({ release }) => release === 'r2'));

    const throws = "throw new Error('no database');";
    const crash = await refused(shop.promote(await shop.release('r3', throws)));
    assert.match(crash.message, /\(trial\): (raw|web) did not start/);
    assert.match(crash.details.join('\n'), /no database/);
    assert.equal(shop.record('r3').outcome, 'failed');
    const smoke = await refused(
      shop.promote(
        await shop.release('r4', server("if (path === '/ok') { res.statusCode = 500; }"), { smoke: ['/ok'] }),
      ),
    );
    assert.match(smoke.message, /web failed its smoke test: GET \/ok answered 500/);
    assert.match(smoke.details.join('\n'), /release r4 begins/);
    for (const load of loads) {
      const report = await load.report();
      assert.equal(report.failed, 0, JSON.stringify(report));
    }
    // It crashes when it has been well for a while, with all of the traffic.
    const late = server("if (process.env.HOLDFAST_APP === 'web') setTimeout(() => process.exit(7), 50);");
    const crashed = await refused(shop.promote(await shop.release('r5', late, { bake: '60s' })));
    assert.match(crashed.message, /web.* exited with code 7/);
    await serves(shop, 'r2');
    assert.deepEqual(events(home, 'release.failed').length + events(home, 'release.rolled-back').length, 3);

    assert.equal((await shop.promote(one, 'rollback')).serving, 'r1');
    await serves(shop, 'r1');
    assert.deepEqual([shop.current(), shop.record('r2').outcome], ['r1', 'rolledBack']);
    const again = await shop.promote(two, 'rollback');
    assert.deepEqual([again.serving, again.previous], ['r2', 'r1']);
    await serves(shop, 'r2');
    assert.equal(shop.record('r2').outcome, 'serving');
    for (const load of loads) {
      const report = await load.stop(100);
      // Of the release that crashed, what was under way went with it.
      const others = Object.keys(report.kinds).filter(
        (kind) => !/^(closed|reset|truncated|status 502)$/.test(kind),
      );
      assert.deepEqual(others, [], JSON.stringify(report));
    }
  });

  test('that answers with errors loses the traffic again', async (t) => {
    const shop = await startShop(t);
    await shop.promote(await shop.release('r1', server()));
    const load = await startLoad(t, { url: shop.site, expect: 'url' });
    const counted = async () =>
      (await shop.client.traffic()).instances.reduce((sum, { counts }) => sum + counts.requests, 0);
    // The edge tells once a second.
    await until(async () => (await counted()) > 100, { why: 'it is known how the release does' });
    // Only with the traffic of the step that is to see it.
    const ill = (app: string) => server(`if (process.env.HOLDFAST_APP === '${app}') res.statusCode = 500;`);
    const canary = { canary: ['50%'], canaryStep: '60s' };
    const first = await refused(shop.promote(await shop.release('r2', ill('web@next'), canary)));
    assert.match(first.message, /\(canary\): web: 5xx: \d+ of \d+ requests/);
    assert.deepEqual([shop.record('r2').outcome, shop.record('r2').reason], ['failed', reasonOf(first)]);
    const second = await refused(shop.promote(await shop.release('r3', ill('web'), { bake: '60s' })));
    assert.match(second.message, /\(bake\): web: 5xx: .*, the release before had \d+ of \d+$/);
    assert.deepEqual([shop.record('r3').outcome, shop.record('r1').outcome], ['rolledBack', 'serving']);
    await serves(shop, 'r1');
    assert.equal(shop.current(), 'r1');
    const { failed, kinds } = await load.stop();
    assert.equal(failed, kinds['status 500'], JSON.stringify(kinds));
  });

  test('is carried on when the daemon is killed, whatever it was doing', async (t) => {
    const shop = await startShop(t);
    // As by `hold up` in its directory, before anybody thought of releases.
    const { plan } = await shop.release('r0', server());
    await shop.client.up({ ...plan, source: '/home/ann/shop/holdfast.config.json' });
    const loads = [
      await startLoad(t, { url: shop.site, expect: 'url', connections: 4 }),
      await startLoad(t, { url: shop.held, expect: 'url', connections: 2 }),
    ];
    // Long enough to be seen; a daemon that comes in between begins the time anew.
    const rules = { canary: ['50%'], canaryStep: '500ms', bake: '100ms' };
    const first = shop.promote(await shop.release('r1', server(), rules));
    first.catch(() => undefined);
    for (const step of ['trying', 'canary', 'rolling'] as const) {
      await happened(shop.home, `release.${step}`);
      await killDaemon(shop.home);
    }
    await assert.rejects(first, { code: 'DAEMON_UNREACHABLE' });
    await over(shop);
    assert.deepEqual([(await shop.view())?.serving, shop.current()], ['r1', 'r1']);
    await serves(shop, 'r1');

    const baked = events(shop.home, 'release.baking').length;
    const second = shop.promote(await shop.release('r2', server(), { bake: '60s' }));
    second.catch(() => undefined);
    await happened(shop.home, 'release.baking', { after: baked });
    await killDaemon(shop.home);
    await assert.rejects(second, { code: 'DAEMON_UNREACHABLE' });
    await until(async () => (await shop.view())?.promotion?.step === 'bake', { why: 'it is watched again' });
    await assert.rejects(shop.client.scale('web', 3), { code: 'BUSY' });
    await assert.rejects(shop.promote(await shop.release('r3', server())), { code: 'DEPLOY_LOCKED' });
    assert.equal((await shop.client.abortPromotion('shop')).promotion?.step, 'rollback');
    await over(shop);
    assert.deepEqual([(await shop.view())?.serving, shop.current()], ['r1', 'r1']);
    await serves(shop, 'r1');
    assert.deepEqual([shop.record('r2').outcome, shop.record('r1').outcome], ['rolledBack', 'serving']);
    const names = (await shop.home.apps()).map(({ name }) => name);
    assert.ok(!names.some((name) => name.includes('@next')), String(names));
    for (const load of loads) {
      const report = await load.stop();
      assert.equal(report.failed, 0, JSON.stringify(report));
    }
  });
});

async function over(shop: Shop): Promise<void> {
  await until(async () => (await shop.view())?.promotion === null, { why: 'the promotion is over' });
}

async function killDaemon(home: TestHome): Promise<void> {
  const pid = home.daemonPid();
  process.kill(pid, 'SIGKILL');
  await until(() => home.daemonPid() !== pid && isAlive(home.daemonPid()), {
    why: 'the next daemon is there',
  });
}

function reasonOf({ message }: HoldfastError): string {
  return message.replace(/^.*?\): /, '');
}
