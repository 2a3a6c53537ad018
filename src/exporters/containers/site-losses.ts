/** What is lost of sites where a server that the platform brings stands in front, and files say only hosts, paths and sessions. */
import type { Plan, RoutePlan, SitePlan } from '../../config/plan.ts';
import type { Loss } from '../exported.ts';

export interface SiteWords {
  /** Of whatever it has own words for. */
  readonly own: string;
  /** Of a route that leads to `what`, and not to an app. */
  readonly elsewhere: (what: string) => string;
  /** How the certificate comes; undefined: it is in the files. */
  readonly tls: string | undefined;
  /** `/new` is for `/new/x`, too, and for what else begins with it. Undefined: it is matched as it is by the edge. */
  readonly segments: string | undefined;
  /** Of the edge, where nothing in particular is said of it. */
  readonly edge: string;
}

export function siteLosses({ sites, edge }: Plan, words: SiteWords): Loss[] {
  const all = Object.values(sites);
  if (all.length === 0) return [];
  const asks = edge.accessLog !== null || edge.trust.length > 0 || edge.proxyProtocol;
  return [
    ...all.flatMap((site) => siteLost(site, words)),
    { setting: 'edge', text: asks ? words.own : words.edge },
  ];
}

function siteLost(
  { host, tls, content, load, cache, accessLog, routes }: SitePlan,
  words: SiteWords,
): Loss[] {
  const at = `sites.${host}`;
  const given = { ...content, limits: load, cache, accessLog };
  return [
    ...(tls && words.tls !== undefined ? [{ setting: `${at}.tls`, text: words.tls }] : []),
    ...Object.entries(given).flatMap(([name, value]) =>
      isSaid(value) ? [{ setting: `${at}.${name}`, text: words.own }] : [],
    ),
    ...routes.flatMap((route) => routeLost(`${at}.routes.${route.prefix}`, route, words)),
  ];
}

function routeLost(at: string, { prefix, to, load, cache, mirror }: RoutePlan, words: SiteWords): Loss[] {
  return [
    ...(to.kind === 'app' ? [] : [{ setting: `${at}.to`, text: words.elsewhere(TO[to.kind]) }]),
    ...Object.entries({ limits: load, cache, mirror }).flatMap(([name, value]) =>
      value === null ? [] : [{ setting: `${at}.${name}`, text: words.own }],
    ),
    ...(prefix.endsWith('/') || words.segments === undefined ? [] : [{ setting: at, text: words.segments }]),
  ];
}

function isSaid(value: unknown): boolean {
  if (value === null || value === undefined || value === false) return false;
  return typeof value !== 'object' || Object.values(value).some((inner) => !isEmpty(inner));
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

const TO = { upstream: 'another server', split: 'several apps', files: 'files' } as const;
