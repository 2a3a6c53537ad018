/** What Apache cannot do, or not as it comes. */
import type { Plan, SitePlan, UpstreamPlan } from '../../config/plan.ts';
import type { AccessLogRules, LoadRules, UpstreamRules } from '../../protocol/traffic-rules.ts';
import type { Loss } from '../exported.ts';
import { appsWithRequests, frontLosses, lostInParts } from '../front-losses.ts';
import type { EdgeFates, FrontAppFates, RouteFates, SiteFates } from '../losses.ts';
import { canShow } from './content.ts';
import { formats } from './log.ts';

export function apacheLosses(plan: Plan): Loss[] {
  const edge = edgeFates(Object.values(plan.sites));
  const losses = frontLosses(plan, { app: appFates, site: siteFates, route: routeFates, edge });
  const byAddress = appsWithRequests(plan).filter((name) => plan.apps[name]?.sticky === 'ip');
  return [...byAddress.map((name) => ({ setting: `apps.${name}.sticky`, text: BY_COOKIE })), ...losses];
}

const BY_COOKIE = 'Apache does not know clients by their address: a cookie leads them back';

const appFates: FrontAppFates = {
  hold: ({ timeoutMs }) =>
    timeoutMs === 0 ? undefined : 'while no instance is ready, requests get 503 at once instead of waiting',
  upstream: rulesLost,
};

const EJECTS =
  'Apache has a simpler rule: an instance that takes no connection is left out for the same time each time';
const RETRIES = 'one other instance is asked, and only when one takes no connection';

function rulesLost({ protocol, inFlight, slowStartMs }: UpstreamRules) {
  return {
    protocol:
      protocol === 'h2c' ? 'by mod_proxy_http2, which passes on no trailers: gRPC needs them' : undefined,
    inFlight: inFlight ? 'there is no limit over all processes of Apache, and no queue' : undefined,
    outliers: EJECTS,
    slowStart: slowStartMs > 0 ? 'a new instance gets its whole share at once' : undefined,
    retries: RETRIES,
  };
}

const siteFates: SiteFates = {
  tls: (tls) => ({ clients: tls?.clients ? 'who the client is, is not passed on to the app' : undefined }),
  content: (content) => ({
    auth: content?.auth
      ? 'Apache does not know these hashes: make the file with htpasswd; nobody gets in before'
      : undefined,
    redirects:
      content &&
      content.redirects.length > 0 &&
      (content.auth || content.allow.length + content.deny.length > 0)
        ? 'are given to everybody, also to those who may not enter'
        : undefined,
    maintenance:
      content?.maintenance && (content.auth || content.allow.length + content.deny.length > 0)
        ? 'is shown to everybody, also to those who may not enter'
        : undefined,
    'maintenance.page':
      content?.maintenance?.page && !canShow(content.maintenance.page) ? unshown : undefined,
    errorPages: Object.values(content?.errorPages ?? {}).every(canShow) ? undefined : unshown,
  }),
  load: loadLost,
  cache: (cache) => (cache ? NO_CACHE : undefined),
  accessLog: 'kept',
};

const unshown =
  'Apache takes only paths of letters, digits, spaces and ._/@+-; its own page is shown instead';
const NO_CACHE = 'nothing is kept: mod_cache_disk can, if you set it up and say how htcacheclean bounds it';

function loadLost(load: LoadRules | null) {
  return {
    rate:
      load && load.rates.length > 0
        ? 'Apache as it comes counts no requests: mod_qos or a firewall can'
        : undefined,
    body: load?.bodyBytes ? NO_LENGTH : undefined,
  };
}

const NO_LENGTH = 'requests that do not say the length of their body get 411';

const routeFates: RouteFates = {
  to: (to) => {
    if (to.kind === 'files')
      return { files: 'symbolic links are followed when their target has the same owner' };
    if (to.kind === 'split')
      return {
        ...lostInParts(to.parts, upstreamLost),
        sticky: to.sticky ? undefined : 'who has a cookie of one of its apps stays with that app',
      };
    return to.kind === 'upstream' ? upstreamLost(to) : undefined;
  },
  load: loadLost,
  cache: (cache) => (cache ? NO_CACHE : undefined),
  mirror: (mirror) => (mirror ? 'Apache copies no requests' : undefined),
};

function upstreamLost({ rules, check, proxyProtocol, tls }: UpstreamPlan) {
  return {
    ...rulesLost(rules),
    check: check ? 'has no timeout of its own' : undefined,
    proxyProtocol: proxyProtocol ? 'Apache sends no PROXY header' : undefined,
    tls: tls
      ? 'the server gets its own name as Host, and that is the one that is verified; of several authorities in one site the first counts'
      : undefined,
  };
}

function edgeFates(sites: readonly SitePlan[]): EdgeFates {
  return {
    processes: (count) => (count > 1 ? 'Apache has as many as its ServerLimit allows' : undefined),
    http: ({ host, port }) => (host !== null && port === 80 ? PORTS : undefined),
    https: ({ host, port }) => (host !== null && port === 443 ? PORTS : undefined),
    acme: ({ eab }) =>
      eab && sites.some(({ tls }) => tls?.certificate.from === 'acme')
        ? { eab: 'not written, because it is a secret: say MDExternalAccountBinding in a file of your own' }
        : undefined,
    unknownHost: 'kept',
    trust: 'kept',
    limits: ({ memoryBytes, connectionsPerIp, bodyBytes }) => ({
      body: bodyBytes > 0 ? NO_LENGTH : undefined,
      memory:
        memoryBytes > 0 && memoryBytes !== DEFAULTS.memoryBytes
          ? 'there is no limit of memory: MaxRequestWorkers is what bounds it'
          : undefined,
      connectionsPerIp:
        connectionsPerIp === DEFAULTS.connectionsPerIp
          ? undefined
          : 'Apache as it comes counts no connections: mod_qos or a firewall can',
    }),
    drainMs: (ms) =>
      ms === DEFAULTS.drainMs
        ? undefined
        : 'requests and WebSockets of before a graceful restart may go on for as long as they want',
    accessLog: (rules) => logLost(rules),
    http2: 'kept',
    proxyProtocol: 'kept',
  };
}

/** What nobody has asked for is told in the guide, not in every file. */
const DEFAULTS = { memoryBytes: 1024 ** 3, connectionsPerIp: 1000, drainMs: 30_000 };

const PORTS = 'ports.conf says at which addresses Apache listens';

function logLost(rules: AccessLogRules | null) {
  if (rules?.format !== 'json') return undefined;
  const missing = rules.fields.filter((field) => formats[field] === undefined);
  return {
    format: 'bytes that are not ASCII become \\xhh, which JSON does not know',
    fields: missing.length > 0 ? `Apache does not know ${missing.join(', ')}` : undefined,
  };
}
