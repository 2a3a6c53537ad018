/** What Caddy, as it is distributed, cannot do. */
import type { Plan, UpstreamPlan } from '../../config/plan.ts';
import type { LoadRules, UpstreamRules } from '../../protocol/traffic-rules.ts';
import type { Loss } from '../exported.ts';
import { frontLosses, lostInParts } from '../front-losses.ts';
import type { EdgeFates, FrontAppFates, RouteFates, SiteFates } from '../losses.ts';

export function caddyLosses(plan: Plan): Loss[] {
  const hasAcme = Object.values(plan.sites).some(({ tls }) => tls?.certificate.from === 'acme');
  return frontLosses(plan, { app: appFates, site: siteFates, route: routeFates, edge: edgeFates(hasAcme) });
}

const appFates: FrontAppFates = {
  hold: ({ timeoutMs }) =>
    timeoutMs > 0
      ? {
          queue: 'any number of requests may wait, also those whose cookie leads to an instance that is down',
        }
      : undefined,
  upstream: rulesLost,
};

function rulesLost({ inFlight, outliers, slowStartMs }: UpstreamRules) {
  return {
    inFlight: inFlight
      ? 'the number is divided among the instances; what is more waits as for an instance that is not ready; WebSockets keep their place'
      : undefined,
    outliers: outliers
      ? 'no instance is left out because it fails: Caddy counts what clients break as its failure, too, so that anybody could take all of them out. Say `health`, which finds one that is down'
      : undefined,
    slowStart: slowStartMs > 0 ? 'a new instance gets its whole share at once' : undefined,
    retries:
      'a request that reached no instance is sent again as long as it may wait, and there is no budget; one that got no answer is not',
  };
}

const siteFates: SiteFates = {
  tls: (tls) => ({
    ca:
      tls?.certificate.from === 'files' && tls.certificate.ca
        ? 'put these certificates behind your own in one file: Caddy reads only that'
        : undefined,
    clients: tls?.clients ? 'who the client is, is not passed on to the app' : undefined,
  }),
  content: (content, { host }) => ({
    '': host.startsWith('*.') ? 'Caddy takes only one name below this host: not a.b.example.com' : undefined,
    auth: content?.auth
      ? 'Caddy does not know these hashes: make others with caddy hash-password, and put them into the variables HOLDFAST_PASSWORD_… of its environment that the file names; nobody gets in before'
      : undefined,
  }),
  load: (load) => loadLost(load),
  cache: (cache) => (cache ? 'answers are not kept: Caddy needs a plugin for that' : undefined),
  accessLog: 'kept',
};

function loadLost(load: LoadRules | null) {
  return {
    rate: load && load.rates.length > 0 ? 'nothing is counted: Caddy needs a plugin for that' : undefined,
  };
}

/** Of all routes. */
const PATHS = 'paths are compared without regard to capital letters, and passed on as they came';

const routeFates: RouteFates = {
  to: (to) => {
    if (to.kind === 'files') return { '': PATHS, files: 'symbolic links are followed, also to elsewhere' };
    if (to.kind === 'split')
      return {
        ...lostInParts(to.parts, upstreamLost),
        '': PATHS,
        split:
          'weights are rounded to parts of 256; a client whose app has no ready instance is not sent to another one',
      };
    return { '': PATHS, ...(to.kind === 'upstream' && upstreamLost(to)) };
  },
  load: (load) => loadLost(load),
  cache: (cache) => (cache ? 'answers are not kept: Caddy needs a plugin for that' : undefined),
  mirror: (mirror) => (mirror ? 'Caddy sends no copies of requests' : undefined),
};

function upstreamLost({ rules, check, proxyProtocol, tls }: UpstreamPlan) {
  return {
    ...rulesLost(rules),
    check: check ? 'one failure takes it out, one success back in; only 2xx is a success' : undefined,
    proxyProtocol: proxyProtocol ? 'Caddy sends a PROXY header only from 2.7 on' : undefined,
    ca: tls?.ca ? 'only these authorities count, not also those of the machine' : undefined,
  };
}

function edgeFates(hasAcme: boolean): EdgeFates {
  return {
    processes: (processes) => (processes > 1 ? 'Caddy has one process, which uses all cores' : undefined),
    http: 'kept',
    https: ({ host }, { http }) =>
      host === http.host ? undefined : 'Caddy listens at the address of listen.http for both',
    acme: (acme) =>
      hasAcme
        ? {
            challenge: 'Caddy takes the one that works',
            eab: acme.eab ? 'put the key into HOLDFAST_ACME_HMAC of the environment of Caddy' : undefined,
          }
        : undefined,
    unknownHost: 'kept',
    trust: (trust) =>
      trust.length > 0
        ? 'allow, deny and maintenance see the address of the proxy in front, not of its client; X-Real-IP, too'
        : undefined,
    limits: ({ memoryBytes, connectionsPerIp }) => ({
      memory: memoryBytes > 0 ? 'there is no limit of memory' : undefined,
      connectionsPerIp: connectionsPerIp > 0 ? 'connections of a client are not counted' : undefined,
      bodyIdle: 'a body may pause as long as it likes',
      upstreamTimeout: 'an answer that has begun may pause as long as it likes',
    }),
    drainMs: () => 'WebSockets are cut at a reload, without a close frame',
    accessLog: (rules) =>
      rules
        ? {
            format: 'lines are JSON as Caddy writes it',
            fields: rules.fields.length > 0 ? 'lines have the fields that Caddy writes' : undefined,
            sample: rules.sample < 1 ? 'all requests are written' : undefined,
          }
        : undefined,
    http2: ({ webSockets, maxStreams }) => ({
      webSockets: webSockets ? 'browsers use HTTP/1.1 for WebSockets' : undefined,
      maxStreams: maxStreams === 250 ? undefined : 'there are 250',
    }),
    proxyProtocol: (proxied) =>
      proxied ? 'Caddy understands PROXY headers only from 2.7 on: such connections are refused' : undefined,
  };
}
