/** `front`: a real server in the place of the edge. Whatever happens to the apps behind it, no request fails. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configure } from '../support/config-file.ts';
import { events } from '../support/journal.ts';
import { startLoad, startWebSockets } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { requireProgram } from '../support/programs.ts';
import { app } from '../support/root.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** `repeats`: sends a GET again whose instance died under it. Apache does so only when it could not connect. */
const programs = [
  { server: 'nginx', program: 'nginx', repeats: true },
  { server: 'apache', program: 'apache2', repeats: false },
  { server: 'haproxy', program: 'haproxy', repeats: true },
  { server: 'caddy', program: 'caddy', repeats: true },
] as const;

describe('behind a server of its own, no request fails', { concurrency: true }, () => {
  for (const { server, program, repeats } of programs) {
    test(`of ${server}: in a reload, a scale up and down, and after a kill -9`, async (t) => {
      if (!requireProgram(t, program)) return;
      const home = testHome(t);
      const port = await freePort();
      configure(home, {
        apps: { web: { run: app('echo-ws.js'), instances: 3, drain: '3s' } },
        sites: { '*': { routes: { '/': 'web' } } },
        listen: { http: `127.0.0.1:${port}`, https: `127.0.0.1:${await freePort()}` },
        front: server,
      });
      await home.ok(['up']);
      const files = () => events(home, 'front.written').length;
      const first = files();
      const url = `http://127.0.0.1:${port}/`;
      const few = { url, connections: 2, pauseMs: 25, expect: 'url' } as const;
      const gets = await startLoad(t, { ...few, keepAlive: false });
      const kept = await startLoad(t, { ...few, bodyBytes: 2000 });
      const sockets = await startWebSockets(t, { url: `ws://127.0.0.1:${port}/`, count: 3, everyMs: 50 });

      // The server learns nothing of it: whoever has the slot accepts on its door.
      await home.ok(['reload', 'web']);
      const { echoed, openNow } = await sockets.report();
      assert.equal(openNow, 3, 'WebSockets live on through a reload');
      await until(async () => (await sockets.report()).echoed > echoed + 5, { why: 'the talk goes on' });
      await until(async () => (await sockets.report()).closed.length === 3, { why: 'their drain time ends' });
      assert.deepEqual((await sockets.stop()).closes, { 1012: 3 });
      assert.equal(files(), first);
      const posted = await kept.stop();
      assert.equal(posted.failed, 0, JSON.stringify(posted));

      // Here it gets another file, and closes what is idle of clients' connections, as servers do; so each request has its own.
      const posts = await startLoad(t, { ...few, keepAlive: false, bodyBytes: 2000 });
      await home.ok(['scale', 'web', '4']);
      await until(() => files() > first, { why: 'the new one is in the file' });
      await home.ok(['scale', 'web', '2']);
      await until(() => events(home, 'instance.stopped', 'web.3').length === 1, { why: 'what left it ends' });
      const scaled = await posts.stop();
      assert.equal(scaled.failed, 0, JSON.stringify(scaled));

      const before = repeats ? null : await gets.stop();
      const ready = events(home, 'instance.ready', 'web.0');
      process.kill(ready.at(-1)?.pid ?? 0, 'SIGKILL');
      await until(() => events(home, 'instance.ready', 'web.0').length > ready.length, { why: 'it is back' });
      const got = before ?? (await gets.stop());
      assert.equal(got.failed, 0, JSON.stringify(got));
      assert.ok(Object.keys(got.byPid).length > 3, 'old and new ones have served');
      assert.equal(events(home, 'front.refused').length, 0);
    });
  }
});
