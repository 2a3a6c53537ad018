/** What HAProxy cannot do, or not from a file that is read besides its main one. */
import type { Plan, SitePlan, UpstreamPlan } from '../../config/plan.ts';
import type { LoadRules, UpstreamRules } from '../../protocol/traffic-rules.ts';
import type { Loss } from '../exported.ts';
import { frontLosses, lostInParts } from '../front-losses.ts';
import type { EdgeFates, RouteFates, SiteFates } from '../losses.ts';
import { MOST_RATES } from './limits.ts';
import { certificateOf, clientAuthorities, isWhole } from './listen.ts';
import { pagesLost, sameEverywhere } from './pages.ts';

export function haproxyLosses(plan: Plan): Loss[] {
  const sites = Object.values(plan.sites);
  return frontLosses(plan, {
    app: {
      hold: ({ timeoutMs }) =>
        timeoutMs === 0
          ? undefined
          : 'while no instance is ready, requests get 503 after a second instead of waiting',
      upstream: rulesLost,
    },
    site: siteFates(sites),
    route: routeFates(sites),
    edge: edgeFates(sites),
  });
}

function rulesLost({ inFlight, outliers, slowStartMs, retries }: UpstreamRules) {
  return {
    inFlight: inFlight
      ? 'the number is divided among the instances, and an open WebSocket keeps its place; the queue is counted before a request enters it, so that some more may wait'
      : undefined,
    outliers: outliers
      ? 'only connections that fail count, not answers; it is back as soon as a look at it succeeds; all of several may be out'
      : undefined,
    slowStart: slowStartMs > 0 ? 'also an instance that was out for a moment begins slowly again' : undefined,
    retries:
      retries.share > 0 || retries.perSecond > 0
        ? 'each request may be sent again twice: there is no budget'
        : undefined,
  };
}

function siteFates(sites: readonly SitePlan[]): SiteFates {
  const authorities = clientAuthorities(sites);
  return {
    tls: (tls, site) => ({
      '':
        tls && needsFile(site)
          ? `HAProxy reads certificate, those between, and key from one file: cat them together into ${certificateOf(site)}${tls.certificate.from === 'acme' ? ' when certbot has ordered them' : ''}`
          : undefined,
      clients: tls?.clients
        ? `who the client is, is not passed on to the app; all sites ask for a certificate${authorities.length > 1 ? `, and only those are taken that ${authorities[0]} signed` : ''}`
        : undefined,
    }),
    content: (content) => ({
      auth: content?.auth
        ? 'HAProxy does not know these hashes: name the users in users.<host>.cfg; nobody gets in before'
        : undefined,
      compress: content?.compress
        ? 'with gzip only, also what is very small; not where an app is shared with a site that does not compress'
        : undefined,
      errorPages: pageLoss(content?.errorPages ?? {}, sites),
    }),
    load: (load) => loadLost(load),
    cache: (cache) => (cache ? 'answers are not kept' : undefined),
    accessLog: 'kept',
  };
}

function needsFile({ tls }: SitePlan): boolean {
  return tls?.certificate.from !== 'files' || !isWhole(tls.certificate);
}

function pageLoss(pages: Readonly<Record<string, string>>, sites: readonly SitePlan[]): string | undefined {
  if (Object.keys(pages).length === 0) return undefined;
  if (!sameEverywhere(sites)) return 'HAProxy has one set of pages for all sites; give all of them the same';
  const lost = pagesLost(pages);
  return lost.length > 0 ? `HAProxy has no pages for ${lost.join(', ')}` : undefined;
}

function loadLost(load: LoadRules | null) {
  const { bodyBytes, rates } = load ?? { bodyBytes: null, rates: [] };
  return {
    body: bodyBytes ? SIZE : undefined,
    rate:
      rates.length > MOST_RATES
        ? `only the first ${MOST_RATES} are counted`
        : rates.length > 0
          ? 'counted over a sliding time, in which no more than the burst or the number comes through'
          : undefined,
  };
}

const SIZE = 'a body whose length is not said before it is not limited';

function routeFates(sites: readonly SitePlan[]): RouteFates {
  const ofSites = Math.max(0, ...sites.map(({ load }) => load?.rates.length ?? 0));
  return {
    to: (to) => {
      if (to.kind === 'files') return { files: 'HAProxy serves no files: these paths get 404' };
      if (to.kind === 'split')
        return {
          ...lostInParts(to.parts, upstreamLost),
          split: 'a client whose app has no ready instance is not sent to another one',
        };
      return to.kind === 'upstream' ? upstreamLost(to) : undefined;
    },
    load: (load) => {
      const lost = loadLost(load);
      const isFull = load && load.rates.length > 0 && load.rates.length + ofSites > MOST_RATES;
      return {
        ...lost,
        rate: isFull ? `of a site and its route only ${MOST_RATES} rates are counted` : lost.rate,
      };
    },
    cache: (cache) => (cache ? 'answers are not kept' : undefined),
    mirror: (mirror) => (mirror ? 'HAProxy sends no copies of requests' : undefined),
  };
}

function upstreamLost({ rules, tls }: UpstreamPlan) {
  return {
    ...rulesLost(rules),
    ca: tls?.ca ? 'only these authorities count, not also those of the machine' : undefined,
  };
}

function edgeFates(sites: readonly SitePlan[]): EdgeFates {
  return {
    processes: (processes) =>
      processes > 1 ? 'HAProxy has one process with a thread for each core' : undefined,
    http: 'kept',
    https: 'kept',
    acme: (_, { acme }) =>
      sites.some(({ tls }) => tls?.certificate.from === 'acme')
        ? `HAProxy orders no certificates: certbot does${acme.email ? `; tell it --email ${acme.email}` : ''}`
        : undefined,
    unknownHost: 'kept',
    trust: (trust) =>
      trust.length > 0 ? 'at most four of these proxies may stand one behind the other' : undefined,
    limits: ({ memoryBytes, bodyBytes }) => ({
      memory:
        memoryBytes > 0 ? 'there is no limit of memory: maxconn in haproxy.cfg is what bounds it' : undefined,
      body: bodyBytes > 0 ? SIZE : undefined,
    }),
    drainMs: (ms) =>
      `set hard-stop-after ${Math.ceil(ms / 1000)}s in global of haproxy.cfg: without it, WebSockets keep old processes for ever, and at its end they are cut without a close frame`,
    accessLog: (rules) =>
      rules
        ? {
            format:
              rules.format === 'json'
                ? 'without the fields that HAProxy cannot say, such as seconds; it goes to syslog'
                : 'goes to syslog',
          }
        : undefined,
    http2: ({ maxStreams, webSockets }) => ({
      webSockets: webSockets ? undefined : 'browsers may open WebSockets over HTTP/2, too',
      maxStreams: `set tune.h2.max-concurrent-streams ${maxStreams} in global of haproxy.cfg`,
    }),
    proxyProtocol: 'kept',
  };
}
