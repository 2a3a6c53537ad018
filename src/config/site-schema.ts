/** The settings of one site. */
import { z } from 'zod';
import { routePrefix } from './addresses.ts';
import { siteCache } from './cache-schema.ts';
import { contentSettings } from './content-schema.ts';
import { described, withDefault } from './describe.ts';
import { flag } from './kinds.ts';
import { siteLoad } from './load-schema.ts';
import { routeTarget } from './route-schema.ts';
import { tlsSettings } from './tls-schema.ts';

const siteShape = z.strictObject({
  routes: withDefault(
    z.record(routePrefix, routeTarget),
    {},
    {
      says:
        'Where requests go, by path; the longest prefix wins. A prefix covers what is below it: `/api`, like `/api/`, is for ' +
        '`/api` and `/api/x`, not for `/apix`. The path is passed on unchanged. ' +
        'An app, an address (`http://host:port`, `https://host:port`, `unix:/path`), several of them by weight (`{ web: 90, next: 10 }`), ' +
        '`{ files }`, or `{ to }` with rules for this route',
      example: { '/': 'web', '/legacy/': 'http://127.0.0.1:3000', '/assets/': { files: 'public' } },
    },
  ),
  limits: siteLoad,
  cache: siteCache,
  accessLog: withDefault(flag, true, {
    says: 'Write its requests down, where `edge.accessLog` writes any',
  }),
  ...tlsSettings,
  ...contentSettings,
});

export const siteSettings = described(siteShape, { says: 'What the edge serves under one host' });

/** Complete and with units resolved. */
export type SiteSettings = z.output<typeof siteSettings>;
