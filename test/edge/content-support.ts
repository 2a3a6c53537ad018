/** An edge in front of files and apps, with the settings of a site that a test is about. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type http from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { noContent } from '../../src/config/content-defaults.ts';
import type { EdgeRoute } from '../../src/protocol/edge-table.ts';
import type { FilesRoute, SiteContent } from '../../src/protocol/site-content.ts';
import { startEdge, type TableParts, tableOf, targetOf } from './edge-process.ts';
import { startApp } from './support.ts';

/** A directory with these files. */
export function filesDir(t: TestContext, files: Readonly<Record<string, string | Buffer>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-files-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return dir;
}

export function filesRoute(root: string, given: Partial<FilesRoute> = {}): FilesRoute {
  return { root, index: 'index.html', spa: false, cacheControl: 'no-cache', ...given };
}

export interface ContentSite {
  readonly content?: Partial<SiteContent>;
  readonly routes?: readonly EdgeRoute[];
  /** The app at `/`, unless routes say otherwise. */
  readonly app?: http.RequestListener;
  readonly table?: TableParts;
}

/** An edge with one site; its port. */
export async function contentEdge(t: TestContext, site: ContentSite) {
  const app = await startApp(t, site.app ?? ((_request, response) => response.end('app\n')));
  const table = (more: ContentSite = site) =>
    tableOf({
      pools: { web: { targets: [targetOf('web.0#1', app.address)] } },
      sites: [
        {
          host: '*',
          routes: more.routes ?? [{ prefix: '/', pool: 'web' }],
          content: { ...noContent, ...more.content },
        },
      ],
      ...more.table,
    });
  const edge = await startEdge(t, table());
  return { edge, port: edge.port, app, apply: (next: ContentSite) => edge.apply(table(next)) };
}
