/** The settings of one site. */
import { z } from 'zod';
import { routePrefix, routeTarget } from './addresses.ts';
import { contentSettings, filesTarget } from './content-schema.ts';
import { described, withDefault } from './describe.ts';
import { tlsSettings } from './tls-schema.ts';

const siteShape = z.strictObject({
  routes: withDefault(
    z.record(routePrefix, z.union([routeTarget, filesTarget])),
    {},
    {
      says:
        'Where requests go, by path; the longest prefix wins. A prefix covers what is below it: `/api`, like `/api/`, is for ' +
        '`/api` and `/api/x`, not for `/apix`. The path is passed on unchanged. ' +
        'An app, `http://host:port`, or `{ files }`',
      example: { '/': 'web', '/legacy/': 'http://127.0.0.1:3000', '/assets/': { files: 'public' } },
    },
  ),
  ...tlsSettings,
  ...contentSettings,
});

export const siteSettings = described(siteShape, { says: 'What the edge serves under one host' });

/** Complete and with units resolved. */
export type SiteSettings = z.output<typeof siteSettings>;
