/** Where requests of a site go: a location for each route. */
import type { Destination, EdgePlan, Plan, RoutePlan, SitePlan } from '../../config/plan.ts';
import type { FilesRoute } from '../../protocol/site-content.ts';
import { type Block, block, type Directive, quoted, time } from './blocks.ts';
import { headerDirectives } from './content.ts';
import type { Http } from './http.ts';
import { limitDirectives } from './limits.ts';
import { type Pass, passTo, passToSplit } from './upstreams.ts';

/** WebSockets and event streams may be silent for long. */
const LONG = '1h';

export function routeLocations(site: SitePlan, plan: Plan, http: Http): Directive[] {
  const routes = [...site.routes].sort((a, b) => b.prefix.length - a.prefix.length);
  return routes.flatMap((route, n) => ['', ...routeLocation(route, n + 1, site, plan, http)]);
}

/** Clients that must come back to the same instance get a cookie. */
export function stickyCookie({ routes }: SitePlan, plan: Plan, http: Http): string[] {
  for (const { to } of routes) {
    const cookie = to.kind === 'files' ? undefined : passOf(to, plan, http).cookie;
    if (cookie) return [`add_header Set-Cookie ${cookie} always`];
  }
  return [];
}

function routeLocation(route: RoutePlan, n: number, site: SitePlan, plan: Plan, http: Http): Directive[] {
  const { prefix, to, load } = route;
  const limits = limitDirectives(load, http);
  if (to.kind === 'files') return fileLocations(prefix, to.files, limits, site, http);
  const pass = passOf(to, plan, http);
  const mirrored = mirror(route, n, plan, http);
  const body: Directive[] = [...limits, ...mirrored.directives, ...pass.directives];
  const named = `@long_${n}`;
  const isLong = http.map(
    'long',
    '"$http_upgrade $http_accept"',
    'WebSockets and event streams: silence is no reason to cut them.',
    '"~*^websocket " 1',
    '"~ text/event-stream" 1',
    'default ""',
  );
  const { edge } = plan;
  if (pass.by === 'grpc')
    return [
      ...heads(prefix).map((head) => block(head, ...body, ...timeouts(pass, edge), `grpc_pass ${pass.to}`)),
      ...mirrored.locations,
    ];
  const short = [
    ...body,
    ...cacheDirectives(route, site, http),
    ...timeouts(pass, edge),
    `error_page 418 = ${named}`,
    ...errorPages(site),
    block(`if (${isLong})`, 'return 418'),
    `proxy_pass ${pass.to}`,
  ];
  const long = [...body, `proxy_read_timeout ${LONG}`, `proxy_send_timeout ${LONG}`, `proxy_pass ${pass.to}`];
  return [
    ...heads(prefix).map((head) => block(head, ...short)),
    block(`location ${named}`, ...long),
    ...mirrored.locations,
  ];
}

/** A location with a slash at its end is not for the path without it, so there are two. */
function heads(prefix: string): string[] {
  const bare = prefix.replace(/\/$/, '');
  if (bare === '') return ['location /'];
  return [`location = ${quoted(bare)}`, `location ${quoted(`${bare}/`)}`];
}

function passOf(to: Exclude<RoutePlan['to'], { kind: 'files' }>, plan: Plan, http: Http): Pass {
  if (to.kind !== 'split') return passTo(to, plan, http);
  const parts = to.parts.map((part) => ({ pass: passTo(part.to, plan, http), weight: part.weight }));
  return passToSplit(parts, to.sticky, http);
}

function timeouts({ by }: Pass, { limits }: EdgePlan): string[] {
  return [
    `${by}_read_timeout ${time(limits.upstreamTimeoutMs)}`,
    `${by}_send_timeout ${time(limits.upstreamTimeoutMs)}`,
  ];
}

/** A location that names one page has to name all. */
function errorPages({ content }: SitePlan): string[] {
  const pages = Object.keys(content?.errorPages ?? {}).map(
    (status) => `error_page ${status} @error_${status}`,
  );
  return content?.maintenance?.page ? [...pages, 'error_page 503 @maintenance'] : pages;
}

export function hsts({ tls }: SitePlan): string[] {
  return tls?.hstsSeconds ? [`add_header Strict-Transport-Security "max-age=${tls.hstsSeconds}" always`] : [];
}

function cacheDirectives({ cache }: RoutePlan, site: SitePlan, http: Http): string[] {
  if (cache === false || !site.cache) return [];
  const { totalBytes } = site.cache;
  const name = http.put('cache', (name) => [
    `# Answers of ${site.host} that may be kept.`,
    `proxy_cache_path /var/cache/${name} levels=1:2 keys_zone=${name}:10m max_size=${totalBytes} inactive=1h use_temp_path=off`,
  ]);
  return [`proxy_cache ${name}`, 'proxy_cache_revalidate on', 'proxy_cache_lock on', 'proxy_buffering on'];
}

interface Mirror {
  readonly directives: readonly Directive[];
  readonly locations: readonly Directive[];
}

function mirror({ mirror }: RoutePlan, n: number, plan: Plan, http: Http): Mirror {
  if (!mirror) return { directives: [], locations: [] };
  const path = `/${http.options.name}-mirror-${n}`;
  const { share, to } = mirror;
  const pass = passTo(to as Destination, plan, http);
  const some =
    share < 1
      ? `$${http.put('mirrored', (name) => [
          '# The requests that are copied.',
          block(`split_clients "$request_id" $${name}`, `${(share * 100).toFixed(2)}% 1`, '* ""'),
        ])}`
      : undefined;
  const location: Block = block(
    `location = ${path}`,
    'internal',
    ...(some ? [block(`if (${some} = "")`, 'return 204')] : []),
    `proxy_pass ${pass.to}$request_uri`,
  );
  return { directives: [`mirror ${path}`], locations: [location] };
}

function fileLocations(
  prefix: string,
  { root, index, spa, cacheControl }: FilesRoute,
  limits: readonly Directive[],
  site: SitePlan,
  http: Http,
): Directive[] {
  const bare = prefix.replace(/\/$/, '');
  const location = block(
    `location ${quoted(`${bare}/`)}`,
    ...limits,
    bare === '' ? `root ${quoted(root)}` : `alias ${quoted(`${root}/`)}`,
    ...(index ? [`index ${quoted(index)}`] : ['autoindex off']),
    'disable_symlinks if_not_owner',
    ...(spa && index ? [`try_files $uri $uri/ ${quoted(`${bare}/${index}`)}`] : []),
    '# A location that sets a header of its own has to say those of the server again.',
    ...headerDirectives(site, http),
    `add_header Cache-Control ${quoted(cacheControl)} always`,
    "# Names that begin with a dot are nobody's business.",
    block('location ~ "/\\."', 'return 404'),
  );
  const directory = block(`location = ${quoted(bare)}`, `return 301 ${quoted(`${bare}/`, '$is_args$args')}`);
  return bare === '' ? [location] : [directory, location];
}
