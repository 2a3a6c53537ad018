/** How requests are passed on: to the instances of an app, or to a server that Holdfast does not run. */
import type { AppPlan, Destination, Plan, UpstreamPlan } from '../../config/plan.ts';
import type { UpstreamRules } from '../../protocol/traffic-rules.ts';
import { type ExportOptions, type Place, printPlace } from '../exported.ts';
import { type Block, block, type Directive, fileWord, time, word } from './words.ts';

/** Where a site listens, which apps are told. */
export interface Door {
  readonly scheme: 'http' | 'https';
  readonly port: number;
}

export function passTo(to: Destination, door: Door, plan: Plan, options: ExportOptions): Block {
  return to.kind === 'app'
    ? passToApp(plan.apps[to.app] as AppPlan, door, plan, options)
    : passToServer(to, door, plan, options);
}

function passToApp(app: AppPlan, door: Door, plan: Plan, options: ExportOptions): Block {
  const { sticky, hold, health, upstream } = app;
  const places = options.places.get(app.name) ?? [];
  // Not the one with the fewest connections: that is the one that takes none.
  const policy = { none: 'round_robin', ip: 'ip_hash', auto: '', cookie: '' }[sticky];
  const cookie = `cookie ${options.name.replaceAll('-', '_')}_${app.name}`;
  const probe = health?.probe.kind === 'http' && health.probe.port === null ? health.probe.path : undefined;
  return block(
    `reverse_proxy ${places.map((place) => address(place, upstream)).join(' ')}`,
    ...(policy ? [] : ['# A cookie that scripts of the page can read, too: Caddy has no other.']),
    `lb_policy ${policy || cookie}`,
    ...(hold.timeoutMs > 0 || places.length > 1
      ? [
          '# While one takes no connection, requests wait for the next.',
          `lb_try_duration ${time(hold.timeoutMs || 1000)}`,
          'lb_try_interval 100ms',
          ...again(isKept(app, options)),
        ]
      : []),
    ...(health && probe !== undefined
      ? [
          `health_uri ${word(probe)}`,
          `health_interval ${time(health.everyMs)}`,
          `health_timeout ${time(health.timeoutMs)}`,
          'health_status 2xx',
        ]
      : []),
    ...ruleLines(upstream, places.length),
    ...common(door, plan),
    transport(plan, options),
  );
}

/** Connections to it wait by themselves while it is started again. */
function isKept({ guest, command }: AppPlan, { isFront }: ExportOptions): boolean {
  return isFront === true && guest && command.node;
}

/** Without this, a GET that crashes whoever gets it is sent again for as long as requests may wait, and takes all instances with it. */
function again(isKept: boolean): string[] {
  if (isKept) return ['lb_retries 1'];
  return [
    '# What has been sent is not sent again: it may be what the instance died of.',
    'lb_retry_match method NONE',
  ];
}

function passToServer(
  { address: place, rules, tls, check }: UpstreamPlan,
  door: Door,
  plan: Plan,
  options: ExportOptions,
): Block {
  const secure = tls
    ? [
        'tls',
        `tls_server_name ${word(tls.serverName)}`,
        ...(tls.ca ? [`tls_trusted_ca_certs ${fileWord(tls.ca)}`] : []),
      ]
    : [];
  return block(
    `reverse_proxy ${address(place, rules)}`,
    ...(check
      ? [
          `health_uri ${word(check.path)}`,
          `health_interval ${time(check.everyMs)}`,
          `health_timeout ${time(check.timeoutMs)}`,
          'health_status 2xx',
        ]
      : []),
    ...ruleLines(rules, 1),
    ...common(door, plan),
    transport(plan, options, secure),
  );
}

function address(place: Place, { protocol }: UpstreamRules): string {
  if ('path' in place) return word(`unix/${place.path}`);
  return word(`${protocol === 'h2c' ? 'h2c://' : ''}${printPlace(place)}`);
}

/**
 * No max_fails: what a client breaks off or writes wrongly counts as a failure of the instance, so that anybody could take
 * all of them out.
 */
function ruleLines({ inFlight }: UpstreamRules, count: number): string[] {
  if (!inFlight) return [];
  return [`unhealthy_request_count ${Math.max(1, Math.ceil(inFlight.max / Math.max(1, count)))}`];
}

/** Caddy itself replaces X-Forwarded-For, -Proto and -Host of clients that it does not trust. */
function common({ port }: Door, { edge }: Plan): string[] {
  return [
    ...(edge.trust.length > 0 ? [`trusted_proxies ${edge.trust.join(' ')}`] : []),
    `header_up X-Forwarded-Port ${port}`,
    'header_up X-Real-IP {remote_host}',
    'header_up -Forwarded',
    'header_up -X-Forwarded-Server',
    'header_up -X-Client-Cert-*',
    'header_up -X-Holdfast-Client',
    'header_up -HTTP2-Settings',
    'header_up -Proxy',
    '# Names with "_" are others with "-" to many programs.',
    'header_up -*_*',
  ];
}

function transport({ edge }: Plan, { idleMs }: ExportOptions, secure: readonly Directive[] = []): Block {
  return block(
    'transport http',
    ...secure,
    'dial_timeout 5s',
    '# For the first byte of an answer: WebSockets and event streams may be silent as long as they like.',
    `response_header_timeout ${time(edge.limits.upstreamTimeoutMs)}`,
    `keepalive ${time(idleMs ?? 60_000)}`,
    'keepalive_idle_conns_per_host 64',
    '# Whether answers are compressed is between the app and the client.',
    'compression off',
  );
}
