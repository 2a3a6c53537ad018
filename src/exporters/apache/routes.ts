/** Where requests of a site go. mod_rewrite looks first, the longest prefix before the others. */
import type { Plan, RoutePlan, SitePlan } from '../../config/plan.ts';
import type { FilesRoute } from '../../protocol/site-content.ts';
import { type Directive, exactly, literally, quoted, ruled, section } from './blocks.ts';
import { poolsFor } from './pools.ts';
import type { Server } from './server.ts';

export function routeDirectives(site: SitePlan, plan: Plan, server: Server): Directive[] {
  const routes = [...site.routes].sort((a, b) => b.prefix.length - a.prefix.length);
  return [
    ...routes.flatMap((route) => ['', ...routeDirective(route, site, plan, server)]),
    ...(routes.some(({ prefix }) => prefix === '/') ? [] : ['', 'RewriteRule "^" "-" [R=404,L]']),
  ];
}

function routeDirective(route: RoutePlan, site: SitePlan, plan: Plan, server: Server): Directive[] {
  const { prefix, to } = route;
  const bare = prefix.replace(/\/$/, '');
  if (to.kind === 'files') return fileDirectives(bare, to.files, server);
  const { short, long } = poolsFor(to, plan, server);
  const path = `^${exactly(bare)}(?:/.*)?$`;
  return [
    ...bodyLimit(route, site, plan, path),
    'RewriteCond "%{HTTP:Upgrade}" "=websocket" [NC,OR]',
    'RewriteCond "%{HTTP:Accept}" "text/event-stream"',
    `RewriteRule ${ruled(path)} "balancer://${long}$0" [P,L]`,
    `RewriteRule ${ruled(path)} "-" [PT]`,
    `ProxyPass ${quoted(bare || '/')} ${quoted(`balancer://${short}${bare || '/'}`)}`,
    ...ownHost(route),
  ];
}

/** LimitRequestBody has no effect on what is passed on, so the length that a request says counts, and it must say one. */
function bodyLimit({ load }: RoutePlan, site: SitePlan, { edge }: Plan, path: string): Directive[] {
  const bytes = load?.bodyBytes ?? site.load?.bodyBytes ?? edge.limits.bodyBytes;
  if (bytes === 0) return [];
  return [
    `# Bodies of at most ${bytes} bytes, and no others.`,
    `RewriteCond expr "%{req_novary:Content-Length} -gt ${bytes}"`,
    `RewriteRule ${ruled(path)} "-" [R=413,L]`,
    'RewriteCond expr "-n %{req_novary:Transfer-Encoding} || (-z %{req_novary:Content-Length} && %{REQUEST_METHOD} =~ m#^(?:POST|PUT|PATCH)$#)"',
    `RewriteRule ${ruled(path)} "-" [R=411,L]`,
  ];
}

/** The name that Apache says in TLS, and verifies, is that of the Host that it sends. */
function ownHost({ prefix, to }: RoutePlan): Directive[] {
  const targets = to.kind === 'split' ? to.parts.map((part) => part.to) : [to];
  if (!targets.some((one) => one.kind === 'upstream' && one.tls !== null)) return [];
  return [
    section(
      locationOf(prefix),
      '# TLS asks for, and verifies, the name that is in Host.',
      'ProxyPreserveHost Off',
    ),
  ];
}

/** Of its path and what is below it, like ProxyPass. */
function locationOf(prefix: string): string {
  return `Location ${quoted(prefix.replace(/\/$/, '') || '/')}`;
}

function fileDirectives(
  bare: string,
  { root, index, spa, cacheControl }: FilesRoute,
  server: Server,
): Directive[] {
  server.needs('alias', 'dir', 'mime');
  const below = exactly(bare);
  return [
    "# Names that begin with a dot are nobody's business.",
    `RewriteRule ${ruled(`^${below}/(?:.*/)?\\.`)} "-" [R=404,L]`,
    ...(bare === '' ? [] : [`RewriteRule ${ruled(`^${below}$`)} ${ruled(`${literally(bare)}/`)} [R=301,L]`]),
    `RewriteRule ${ruled(`^${below}/`)} "-" [PT]`,
    `ProxyPass ${quoted(`${bare}/`)} "!"`,
    bare === '' ? `DocumentRoot ${quoted(root)}` : `Alias ${quoted(bare)} ${quoted(root)}`,
    section(
      `Directory ${quoted(root)}`,
      'AllowOverride None',
      'Options SymLinksIfOwnerMatch',
      'Require all granted',
    ),
    section(
      `Location ${quoted(`${bare}/`)}`,
      index ? `DirectoryIndex ${quoted(index)}` : 'DirectoryIndex disabled',
      ...(spa && index ? [`FallbackResource ${quoted(`${bare}/${index}`)}`] : []),
      `Header always set Cache-Control ${quoted(cacheControl.replaceAll('%', '%%'))} "expr=-z %{resp:Cache-Control}"`,
    ),
  ];
}
