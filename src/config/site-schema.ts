/** The settings of one site. */
import { z } from 'zod';
import { routePrefix, routeTarget } from './addresses.ts';
import { described } from './describe.ts';
import { tlsSettings } from './tls-schema.ts';

const siteShape = z.strictObject({
  routes: described(z.record(routePrefix, routeTarget), {
    says:
      'Where requests go, by path; the longest prefix wins. A prefix covers what is below it: `/api`, like `/api/`, is for ' +
      '`/api` and `/api/x`, not for `/apix`. The path is passed on unchanged',
    example: { '/': 'web', '/legacy/': 'http://127.0.0.1:3000' },
  }),
  ...tlsSettings,
});

export const siteSettings = described(siteShape, { says: 'What the edge serves under one host' });

/** Complete and with units resolved. */
export type SiteSettings = z.output<typeof siteSettings>;
