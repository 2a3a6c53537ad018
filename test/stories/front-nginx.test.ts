/** `front` with nginx, as a process of Holdfast's and as the server of the machine: what goes wrong leaves what works. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { HoldfastConfig } from '../../src/config/config-types.ts';
import { cleanup } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { requireProgram } from '../support/programs.ts';
import { app } from '../support/root.ts';
import { startProgram, type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

interface World {
  readonly home: TestHome;
  readonly port: number;
  readonly https: number;
  up(more?: HoldfastConfig): Promise<{ readonly code: number | null; readonly stderr: string }>;
}

async function world(home: TestHome, front: NonNullable<HoldfastConfig['front']>): Promise<World> {
  const port = await freePort();
  const https = await freePort();
  return {
    home,
    port,
    https,
    up(more = {}) {
      configure(home, {
        // Without the guest each process has a port of its own, which nginx must be told of in time.
        apps: { web: { run: app('hello.js'), instances: 2, guest: false, drain: '3s' } },
        sites: { '*': { routes: { '/': 'web' } } },
        listen: { http: `127.0.0.1:${port}`, https: `127.0.0.1:${https}` },
        front,
        ...more,
      });
      return home.run(['up']);
    },
  };
}

function status(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    request.on('error', reject);
  });
}

function answers(port: number): Promise<true> {
  return until(async () => (await status(port)) === 200, { why: `something answers on ${port}` });
}

describe('nginx in front', { concurrency: true }, () => {
  test('refuses what it does not take, comes back when it is killed, and outlives the daemon', async (t) => {
    if (!requireProgram(t, 'nginx')) return;
    const home = testHome(t);
    const { port, up } = await world(home, 'nginx');
    assert.equal((await up()).code, 0);
    await answers(port);

    // nginx looks the name up when it reads it; the edge would when it needs it.
    const routes = { '/': 'web', '/other/': 'http://no-such-host.invalid:1' };
    const refused = await up({ sites: { '*': { routes } } });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /nginx refuses this configuration: .*host not found in upstream/);
    assert.equal(await status(port), 200);
    assert.equal((await up()).stderr.trim(), 'nothing to do');
    const unable = await home.run(['pause', '*']);
    assert.match(unable.stderr, /Cannot pause "\*": nginx stands in front, and only the edge/);

    const load = await startLoad(t, {
      url: `http://127.0.0.1:${port}/`,
      connections: 2,
      keepAlive: false,
      expect: 'url',
    });
    // Programs without the guest are replaced without a gap, too.
    await home.ok(['reload', 'web']);
    await until(async () => Object.keys((await load.report()).byPid).length > 2, { why: 'new ones serve' });
    const report = await load.stop();
    assert.equal(report.failed, 0, JSON.stringify(report));

    const [first] = await home.ready('@front', 1);
    process.kill(first?.pid ?? 0, 'SIGKILL');
    await happened(home, 'instance.ready', { about: '@front.0', after: 1 });
    await answers(port);

    const [front] = await home.ready('@front', 1);
    process.kill(home.daemonPid(), 'SIGKILL');
    await happened(home, 'instance.adopted', { about: '@front.0' });
    assert.equal(await status(port), 200);
    await home.ok(['scale', 'web', '3']);
    const file = () => readFileSync(join(home.paths.home, 'front', 'holdfast.conf'), 'utf8');
    await until(() => file().match(/^\s+server 127\.0\.0\.1:/gm)?.length === 3, {
      why: 'all three are in it',
    });
    assert.ok(isAlive(front?.pid ?? 0), 'and nginx is the same');
  });

  test('of the machine gets one file, which is taken back when something is wrong with it', async (t) => {
    const program = requireProgram(t, 'nginx');
    if (!program) return;
    const home = testHome(t);
    const dir = join(home.dir, 'nginx');
    mkdirSync(join(dir, 'conf.d'), { recursive: true });
    const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const main = `daemon off; pid ${dir}/pid; error_log stderr; events {}
      http { ${temps.map((name) => `${name}_temp_path ${dir}/${name};`).join(' ')} include ${dir}/conf.d/*.conf; }`;
    writeFileSync(join(dir, 'nginx.conf'), main);
    const args = ['-e', 'stderr', '-p', dir, '-c', join(dir, 'nginx.conf')];
    const file = join(dir, 'conf.d', 'holdfast.conf');
    const { port, up } = await world(home, {
      server: 'nginx',
      file,
      check: [program, '-t', '-q', ...args],
      reload: [program, '-s', 'reload', ...args],
    });
    writeFileSync(file, '# by hand');
    assert.match((await up()).stderr, /Cannot write ".*": there is one that Holdfast has not written/);
    assert.equal(readFileSync(file, 'utf8'), '# by hand');
    rmSync(file);
    // Somebody has stopped it.
    const early = await up();
    assert.match(early.stderr, /Cannot reload nginx: .*\n +The apps are as they are wanted/);
    await home.ready('web', 2);
    const server = startProgram(t, program, args);
    // Its workers outlive a SIGKILL.
    cleanup(t, () => server.stop('SIGTERM'));
    await until(() => existsSync(join(dir, 'pid')) && readFileSync(join(dir, 'pid'), 'utf8') !== '', {
      why: 'it runs',
    });
    assert.equal((await up()).code, 0);
    assert.equal(await status(port), 200);
    assert.ok(
      !(await home.apps()).some(({ name }) => name.startsWith('@')),
      'nothing of Holdfast is in front',
    );

    // Somebody breaks another file of it.
    const others = join(dir, 'conf.d', 'others.conf');
    writeFileSync(others, 'no such thing;');
    const before = readFileSync(file, 'utf8');
    const refusals = events(home, 'front.refused').length;
    assert.match(
      (await up({ logs: { total: '1GB' } })).stderr,
      /unknown directive "no"[\s\S]*Nothing was changed/,
    );
    const scaled = await home.run(['scale', 'web', '3']);
    assert.equal(scaled.code, 1);
    assert.match(scaled.stderr, /unknown directive "no"[\s\S]*The apps are as they are wanted/);
    await home.ready('web', 3);
    const { reason } = await happened(home, 'front.refused', { after: refusals });
    assert.match(reason ?? '', /nginx refuses ".*holdfast.conf": .*unknown directive "no"/);
    assert.equal(readFileSync(file, 'utf8'), before);
    assert.equal(await status(port), 200);
    rmSync(others);
    const written = events(home, 'front.written').length;
    await home.ok(['scale', 'web', '4']);
    await until(() => events(home, 'front.written').length > written, { why: 'it is tried again' });

    await home.ok(['down']);
    assert.ok(!existsSync(file), 'and at the end nothing is left of it');
    assert.equal(await server.stop('SIGQUIT'), 0);
  });
});
