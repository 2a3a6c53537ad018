/** What nginx cannot do, or not from a file that is included. */
import type { Plan, SitePlan, UpstreamPlan } from '../../config/plan.ts';
import type { RateRule, UpstreamRules } from '../../protocol/traffic-rules.ts';
import type { Loss } from '../exported.ts';
import { frontLosses, lostInParts } from '../front-losses.ts';
import type { EdgeFates, FrontAppFates, RouteFates, SiteFates } from '../losses.ts';

export function nginxLosses(plan: Plan): Loss[] {
  const edge = edgeFates(Object.values(plan.sites));
  return frontLosses(plan, { app: appFates, site: siteFates, route: routeFates, edge });
}

const appFates: FrontAppFates = {
  hold: ({ timeoutMs }) =>
    timeoutMs === 0 ? undefined : 'while no instance is ready, requests get 502 at once instead of waiting',
  upstream: rulesLost,
};

const EJECTS =
  'nginx has a simpler rule: an instance that fails is left out for the same time each time, whatever the others do';
const RETRIES = 'one other instance is asked, however many requests fail already';

function rulesLost({ protocol, inFlight, slowStartMs }: UpstreamRules) {
  return {
    protocol: protocol === 'h2c' ? 'passed on as gRPC: other HTTP/2 without TLS is not' : undefined,
    inFlight: inFlight
      ? 'the number is divided among the instances, and what is more gets 502 at once: there is no queue'
      : undefined,
    outliers: EJECTS,
    slowStart:
      slowStartMs > 0
        ? 'a new instance gets its whole share at once: slow_start is part of NGINX Plus'
        : undefined,
    retries: RETRIES,
  };
}

const siteFates: SiteFates = {
  tls: (tls) => ({
    '':
      tls?.certificate.from === 'acme'
        ? 'nginx orders no certificates: certbot does, and the file names where it puts them'
        : undefined,
    ca:
      tls?.certificate.from === 'files' && tls.certificate.ca
        ? 'put these certificates behind your own in one file: nginx reads only that'
        : undefined,
    clients: tls?.clients ? 'who the client is, is not passed on to the app' : undefined,
  }),
  content: (content) => ({
    auth: content?.auth
      ? 'nginx does not know these hashes: make the file with htpasswd; nobody gets in before'
      : undefined,
    redirects:
      content && content.redirects.length > 0 && (content.auth || content.allow.length > 0)
        ? 'are given to everybody, also to those who may not enter'
        : undefined,
  }),
  load: (load) => ratesLost(load?.rates ?? []),
  cache: (cache) => (cache ? { entry: 'an answer may be as large as the whole cache' } : undefined),
  accessLog: 'kept',
};

function ratesLost(rates: readonly RateRule[]) {
  const odd = rates.some(({ requests, perMs }) => !Number.isInteger((requests * 60_000) / perMs));
  return rates.length === 0
    ? undefined
    : {
        rate: `IPv6 addresses count one by one, not by network${odd ? '; rounded to whole requests a minute' : ''}`,
      };
}

const routeFates: RouteFates = {
  to: (to) => {
    if (to.kind === 'files')
      return {
        files:
          'symbolic links are followed when their target has the same owner; there is no version in the ETag of compressed files',
      };
    if (to.kind === 'split') {
      const protocols = new Set(
        to.parts.flatMap((part) => (part.to.kind === 'upstream' ? [part.to.tls !== null] : [false])),
      );
      return {
        ...lostInParts(to.parts, upstreamLost),
        split: 'a client whose app has no ready instance is not sent to another one',
        tls:
          protocols.size > 1
            ? 'of several https servers in one split, the name of the first is verified'
            : undefined,
      };
    }
    return to.kind === 'upstream' ? upstreamLost(to) : undefined;
  },
  load: (load) => ratesLost(load?.rates ?? []),
  cache: 'kept',
  mirror: (mirror) => (mirror ? 'the body of each request is read whole before it is passed on' : undefined),
};

function upstreamLost({ rules, check, proxyProtocol }: UpstreamPlan) {
  return {
    ...rulesLost(rules),
    check: check ? 'nginx only notices what fails: active checks are part of NGINX Plus' : undefined,
    proxyProtocol: proxyProtocol ? 'nginx sends no PROXY header over HTTP' : undefined,
  };
}

function edgeFates(sites: readonly SitePlan[]): EdgeFates {
  return {
    processes: (count) =>
      count > 1 ? `worker_processes in nginx.conf says how many there are, not ${count}` : undefined,
    http: 'kept',
    https: 'kept',
    acme: (_, { acme }) =>
      sites.some(({ tls }) => tls?.certificate.from === 'acme') && acme.email
        ? 'tell certbot: --email'
        : undefined,
    unknownHost: 'kept',
    trust: 'kept',
    limits: ({ memoryBytes }) => ({
      memory:
        // The default is told in the guide, not in every file.
        memoryBytes > 0 && memoryBytes !== 1024 ** 3
          ? 'there is no limit of memory: worker_connections in nginx.conf is what bounds it'
          : undefined,
    }),
    drainMs: (ms) =>
      `set worker_shutdown_timeout ${Math.ceil(ms / 1000)}s; in nginx.conf: without it, WebSockets keep old workers for ever, and at its end they are cut without a close frame`,
    accessLog: 'kept',
    http2: ({ webSockets, cleartext }) => ({
      webSockets: webSockets
        ? 'nginx has no WebSockets over HTTP/2 (RFC 8441); browsers use HTTP/1.1 for them then'
        : undefined,
      cleartext: cleartext ? 'HTTP/2 without TLS would need a listener of its own' : undefined,
    }),
    proxyProtocol: 'kept',
  };
}
