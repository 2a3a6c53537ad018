/** An edge with a cache in this process, whose time is the test's, and an app that says what the test wants. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { noContent } from '../../src/config/content-defaults.ts';
import { Edge } from '../../src/edge/edge.ts';
import { FakeClock } from '../../src/kit/clock.ts';
import type { EdgeRoute, EdgeSite, EdgeTable } from '../../src/protocol/edge-table.ts';
import type { SiteContent } from '../../src/protocol/site-content.ts';
import { type TableParts, tableOf, targetOf } from './edge-process.ts';
import { startApp } from './support.ts';

export interface CacheSite {
  readonly app: http.RequestListener;
  readonly content?: Partial<SiteContent>;
  readonly routes?: readonly EdgeRoute[];
  readonly cache?: Partial<EdgeSite['cache']>;
  readonly table?: TableParts;
  /** The time at first; without it that of the machine, so that the dates of apps fit. */
  readonly start?: number;
}

export async function cacheEdge(t: TestContext, site: CacheSite) {
  const app = await startApp(t, site.app);
  const clock = new FakeClock(site.start ?? Date.now());
  const table = (more: CacheSite): EdgeTable =>
    tableOf({
      pools: { web: { targets: [targetOf('web.0#1', app.address)], hold: { timeoutMs: 0, maxWaiting: 0 } } },
      sites: [
        {
          host: '*',
          routes: more.routes ?? [{ prefix: '/', pool: 'web' }],
          content: { ...noContent, ...more.content },
          cache: { totalBytes: 16 * 1024 * 1024, entryBytes: 1024 * 1024, ...more.cache },
        },
      ],
      ...more.table,
    });
  const lines: string[] = [];
  const failures: unknown[] = [];
  const edge = new Edge(
    table(site),
    {
      retired() {},
      log: (line) => lines.push(line),
      failed: (error) => failures.push(error),
      notice() {},
    },
    undefined,
    clock,
  );
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
    edge.accept(socket),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    edge.sweeper.close();
    await edge.drain(0, true);
    assert.deepEqual(failures, []);
  });
  const { port } = server.address() as net.AddressInfo;
  return { port, edge, clock, app, lines, apply: (next: CacheSite) => edge.apply(table(next)) };
}
