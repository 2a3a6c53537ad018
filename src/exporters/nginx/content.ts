/** What a site does besides passing requests on: headers, redirects, who may enter, pages. */
import { basename, dirname } from 'node:path';
import type { SitePlan } from '../../config/plan.ts';
import type { PathRule, RedirectRule, SiteContent } from '../../protocol/site-content.ts';
import { block, type Directive, exactly, quoted, regex } from './blocks.ts';
import type { Http } from './http.ts';

/** Fields of all answers of a site. */
export function headerDirectives({ content, tls }: SitePlan, http: Http): Directive[] {
  const hsts = tls?.hstsSeconds
    ? [`add_header Strict-Transport-Security "max-age=${tls.hstsSeconds}" always`]
    : [];
  if (!content) return hsts;
  const { set, fallback, remove } = content.headers;
  const hidden = [...new Set([...remove, ...Object.keys(set)])];
  const removed = new Set(hidden.map((name) => name.toLowerCase()));
  const added = Object.entries(fallback).filter(([name]) => !removed.has(name.toLowerCase()));
  return [
    ...hidden.map((name) => `proxy_hide_header ${quoted(name)}`),
    ...Object.entries(set).map(([name, value]) => `add_header ${quoted(name)} ${quoted(value)} always`),
    ...added.map(([name, value]) => `add_header ${quoted(name)} ${whereUnsaid(name, value, http)} always`),
    ...(content.requestId ? ['add_header X-Request-Id $request_id always'] : []),
    ...hsts,
  ];
}

/** A variable with this value, or nothing where the app says something of that name. */
function whereUnsaid(name: string, value: string, http: Http): string {
  const said = `$upstream_http_${name.toLowerCase().replaceAll('-', '_')}`;
  const comment = `${name}, where the app does not say it.`;
  return http.map('field', said, comment, `"" ${quoted(value)}`, 'default ""');
}

/** For the server: who may enter, compression, pages, rewrites. */
export function serverContent(content: SiteContent, host: string, http: Http): Directive[] {
  const { compress, allow, deny, auth, maintenance, errorPages, rewrites, requestId } = content;
  const pages = Object.entries(errorPages);
  return [
    ...(compress
      ? ['gzip on', 'gzip_proxied any', 'gzip_vary on', 'gzip_min_length 1024', `gzip_types ${TEXT_TYPES}`]
      : []),
    ...(requestId ? ['proxy_set_header X-Request-Id $request_id'] : []),
    ...deny.map((peer) => `deny ${peer}`),
    ...(allow.length > 0 ? [...allow.map((peer) => `allow ${peer}`), 'deny all'] : []),
    ...(auth
      ? [
          '# Passwords as htpasswd(1) writes them. As long as there is no such file, nobody gets in.',
          `auth_basic ${quoted(auth.realm)}`,
          `auth_basic_user_file ${quoted(`/etc/nginx/${http.options.name}.${host.replaceAll('*', '+')}.htpasswd`)}`,
        ]
      : []),
    ...pages.map(([status]) => `error_page ${status} @error_${status}`),
    ...(maintenance ? closed(maintenance, http) : []),
    ...rewrites.map(rewrite),
  ];
}

const TEXT_TYPES =
  'text/plain text/css text/xml text/javascript application/javascript application/json application/manifest+json application/xml application/rss+xml application/atom+xml image/svg+xml';

function closed({ page, allow }: NonNullable<SiteContent['maintenance']>, http: Http): Directive[] {
  const insider = `$${http.put('insider', (name) => [
    '# For whom the site stays open while it is being worked on.',
    block(`geo $${name}`, 'default 0', ...allow.map((peer) => `${peer} 1`)),
  ])}`;
  const shown = page === null ? [] : ['error_page 503 @maintenance'];
  return [...shown, block(`if (${insider} = 0)`, 'return 503')];
}

/** Locations with the pages that the server names. They have names, because these are found without the rules of the server. */
export function pageLocations(
  site: SitePlan,
  { errorPages, maintenance }: SiteContent,
  http: Http,
): Directive[] {
  const pages = Object.entries(errorPages).map(([status, path]) => page(`error_${status}`, path, status, []));
  if (!maintenance?.page) return pages;
  // A location that sets a header of its own has to say those of the server again.
  const fields = [...headerDirectives(site, http), 'add_header Retry-After 120 always'];
  return [...pages, page('maintenance', maintenance.page, '503', fields)];
}

function page(name: string, path: string, status: string, fields: readonly Directive[]): Directive {
  return block(
    `location @${name}`,
    'auth_basic off',
    'allow all',
    `root ${quoted(dirname(path))}`,
    ...fields,
    `try_files ${quoted(`/${basename(path)}`)} =${status}`,
  );
}

function rewrite({ from, below, to, toBelow }: PathRule): string {
  const bare = exactly(from.replace(/\/$/, ''));
  const pattern = below ? `^${bare}(?:/(.*))?$` : `^${exactly(from)}$`;
  return `rewrite ${regex(pattern)} ${quoted(to, toBelow ? '$1' : '')} break`;
}

/** nginx asks these before the prefixes of routes. */
export function redirectLocations({ redirects }: SiteContent): Directive[] {
  return redirects.map((rule) => {
    const answer = `return ${rule.status} ${target(rule)}`;
    if (!rule.below) return block(`location = ${quoted(rule.from)}`, answer);
    const bare = exactly(rule.from.replace(/\/$/, ''));
    const location = `location ~ ${regex(`^${bare}(?:/|$)`)}`;
    if (!rule.toBelow) return block(location, answer);
    // $uri is decoded: a line end in it would end the header.
    const asSent = `if ($request_uri ~ ${regex(`^${exactly(encodeURI(rule.from.replace(/\/$/, '')))}(?:/([^?]*))?(?:\\?|$)`)})`;
    return block(location, '# As it was sent, with its escapes.', block(asSent, answer), 'return 404');
  });
}

function target({ to, toBelow }: RedirectRule): string {
  const query = to.includes('?') ? '' : '$is_args$args';
  return quoted(to, (toBelow ? '$1' : '') + query);
}
