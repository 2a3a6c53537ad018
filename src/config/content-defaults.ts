import type { SiteContent } from '../protocol/site-content.ts';

/** Of a site that says nothing of it. */
export const noContent: SiteContent = {
  compress: false,
  headers: { set: {}, fallback: {}, remove: [] },
  redirects: [],
  rewrites: [],
  auth: null,
  allow: [],
  deny: [],
  maintenance: null,
  errorPages: {},
  requestId: false,
};
