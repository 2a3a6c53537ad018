/** What Traefik cannot do. */
import type { Plan, UpstreamPlan } from '../../config/plan.ts';
import type { LoadRules, RateRule, UpstreamRules } from '../../protocol/traffic-rules.ts';
import type { Loss } from '../exported.ts';
import { frontLosses, lostInParts } from '../front-losses.ts';
import type { EdgeFates, FrontAppFates, RouteFates, SiteFates } from '../losses.ts';

export function traefikLosses(plan: Plan): Loss[] {
  const hasAcme = Object.values(plan.sites).some(({ tls }) => tls?.certificate.from === 'acme');
  const byAddress = Object.values(plan.apps).filter(({ sticky }) => sticky === 'ip');
  return [
    ...byAddress.map(({ name }) => ({
      setting: `apps.${name}.sticky`,
      text: 'clients go to any instance: Traefik keeps them by a cookie only',
    })),
    ...frontLosses(plan, { app: appFates, site: siteFates, route: routeFates, edge: edgeFates(hasAcme) }),
  ];
}

const appFates: FrontAppFates = {
  hold: ({ timeoutMs }) =>
    timeoutMs > 0
      ? 'while no instance is ready, requests get 502 or 503 at once instead of waiting'
      : undefined,
  upstream: rulesLost,
};

function rulesLost({ inFlight, outliers, slowStartMs }: UpstreamRules) {
  return {
    inFlight: inFlight ? 'requests at a time are not limited' : undefined,
    outliers: outliers
      ? 'an instance that fails gets requests as before, unless the app has a health path'
      : undefined,
    slowStart: slowStartMs > 0 ? 'a new instance gets its whole share at once' : undefined,
    retries: 'one other instance is asked when one does not take the connection: there is no budget',
  };
}

const siteFates: SiteFates = {
  tls: (tls) => ({
    ca:
      tls?.certificate.from === 'files' && tls.certificate.ca
        ? 'put these certificates behind your own in one file: Traefik reads only that'
        : undefined,
    clients: tls?.clients ? 'who the client is, is not passed on to the app' : undefined,
  }),
  content: (content, { host }) => ({
    auth: content?.auth
      ? `Traefik does not know these hashes: make /etc/traefik/holdfast-<host>.htpasswd with htpasswd -B; without it, ${host} answers nobody`
      : undefined,
    headers:
      content && Object.keys(content.headers.fallback).length > 0
        ? 'those that are only for answers without them replace what the app says, too'
        : undefined,
    redirects:
      content && content.redirects.length > 0
        ? 'only below the routes of the site; 301 and 302 for GET, 308 and 307 for others'
        : undefined,
    rewrites:
      content && content.rewrites.length > 0
        ? 'the route is looked for by the path as it came; all that match are made, one after the other'
        : undefined,
    maintenance: content?.maintenance ? 'with a plain text instead of a page' : undefined,
    errorPages:
      content && Object.keys(content.errorPages).length > 0
        ? 'Traefik takes such pages from another server only'
        : undefined,
    requestId: content?.requestId ? 'Traefik gives requests no numbers' : undefined,
  }),
  load: (load) => loadLost(load),
  cache: (cache) => (cache ? 'answers are not kept' : undefined),
  accessLog: (log) => (log ? undefined : 'its requests are written like those of other sites'),
};

function loadLost(load: LoadRules | null) {
  const has = (kind: RateRule['by']['kind']) => load?.rates.some(({ by }) => by.kind === kind) === true;
  return {
    body: load?.bodyBytes ? BODY : undefined,
    rate: has('cookie')
      ? 'who has the cookie is counted by address, like the others'
      : has('header')
        ? 'requests without the header count together'
        : undefined,
  };
}

const BODY = 'bodies of any size are passed on: Traefik would have to read them, and answers, whole';

const routeFates: RouteFates = {
  to: (to) => {
    if (to.kind === 'files') return { files: 'Traefik serves no files: these paths get 503' };
    if (to.kind === 'split')
      return {
        ...lostInParts(to.parts, upstreamLost),
        split: 'a client whose app has no ready instance is not sent to another one',
      };
    return to.kind === 'upstream' ? upstreamLost(to) : undefined;
  },
  load: (load) => loadLost(load),
  cache: (cache) => (cache ? 'answers are not kept' : undefined),
  mirror: (mirror) => (mirror ? 'the body of each request is read whole before it is passed on' : undefined),
};

function upstreamLost({ address, rules, check, proxyProtocol, tls }: UpstreamPlan) {
  return {
    ...rulesLost(rules),
    to: 'path' in address ? 'Traefik knows no unix sockets: these paths get 503' : undefined,
    check: check ? 'one failure takes it out, one success back in' : undefined,
    proxyProtocol: proxyProtocol ? 'Traefik sends no PROXY header over HTTP' : undefined,
    ca: tls?.ca ? 'only these authorities count, not also those of the machine' : undefined,
  };
}

function edgeFates(hasAcme: boolean): EdgeFates {
  return {
    processes: (processes) => (processes > 1 ? 'Traefik has one process, which uses all cores' : undefined),
    http: 'kept',
    https: 'kept',
    acme: (acme) =>
      hasAcme && acme.eab
        ? { eab: 'a secret: put eab (kid, hmacEncoded) into certificatesResolvers yourself' }
        : undefined,
    unknownHost: (status) => (status === 404 ? undefined : 'a host that no site names gets 404'),
    trust: (trust) =>
      trust.length > 0 ? 'deny and maintenance see the address of the proxy in front' : undefined,
    limits: ({ memoryBytes, bodyBytes }) => ({
      memory: memoryBytes > 0 ? 'there is no limit of memory' : undefined,
      body: bodyBytes > 0 ? BODY : undefined,
      connectionsPerIp: 'connections of a client are not counted',
      headTimeout: 'a request, its body with it, may take ten minutes to come',
      bodyIdle: 'a request, its body with it, may take ten minutes to come',
      upstreamTimeout: 'an answer that has begun may pause as long as it likes',
    }),
    drainMs: 'kept',
    accessLog: (rules) =>
      rules
        ? {
            format: 'lines are as Traefik writes them',
            fields: rules.fields.length > 0 ? 'lines have the fields that Traefik writes' : undefined,
            sample: rules.sample < 1 ? 'all requests are written' : undefined,
          }
        : undefined,
    http2: ({ webSockets, cleartext }) => ({
      webSockets: webSockets ? 'browsers use HTTP/1.1 for WebSockets' : undefined,
      cleartext: cleartext ? undefined : 'HTTP/2 without TLS is understood, too',
    }),
    proxyProtocol: (proxied) =>
      proxied
        ? 'connections without a PROXY header are taken, too: let nobody else reach the port'
        : undefined,
  };
}
