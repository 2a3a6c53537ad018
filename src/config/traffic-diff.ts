/** How rules of traffic are printed where two Plans are compared: in the words of the configuration file. */
import { formatBytes, formatDuration } from '../kit/units.ts';
import type {
  AccessLogRules,
  CacheRules,
  CheckRules,
  Http2Rules,
  LoadRules,
  OutlierRules,
  RateRule,
  RetryRules,
  UpstreamRules,
} from '../protocol/traffic-rules.ts';
import type { Destination, RoutePlan, UpstreamPlan } from './plan.ts';
import { destinationDefaults } from './traffic-defaults.ts';

/** Of an app, and of a server that Holdfast does not supervise. */
export const upstreamRows: readonly (readonly [name: string, print: (rules: UpstreamRules) => string])[] = [
  ['protocol', ({ protocol }) => protocol],
  ['inFlight', ({ inFlight }) => printInFlight(inFlight)],
  ['outliers', ({ outliers }) => printOutliers(outliers)],
  ['slowStart', ({ slowStartMs }) => (slowStartMs === 0 ? 'off' : formatDuration(slowStartMs))],
  ['retries', ({ retries }) => printRetries(retries)],
];

function printInFlight(rules: UpstreamRules['inFlight']): string {
  if (!rules) return 'no limit';
  return `${rules.max}, ${rules.maxWaiting} wait up to ${formatDuration(rules.timeoutMs)}`;
}

function printOutliers(rules: OutlierRules | null): string {
  if (!rules) return 'off';
  const { failures, ejectMs, maxEjectMs, maxShare } = rules;
  const pause = `${formatDuration(ejectMs)}..${formatDuration(maxEjectMs)}`;
  return `out for ${pause} after ${failures} failures, at most ${printShare(maxShare)}`;
}

function printRetries({ share, perSecond }: RetryRules): string {
  return share === 0 && perSecond === 0 ? 'off' : `${printShare(share)} and ${perSecond}/s`;
}

/** `0.1` as `10%`. */
export function printShare(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}

/** As it is written in the configuration file. */
export function printRate({ requests, perMs, burst, by }: RateRule): string {
  const per = by.kind === 'header' || by.kind === 'cookie' ? `${by.kind} ${by.name}` : by.kind;
  return `${requests}/${formatDuration(perMs).replace(/^1(?=[smhd]$)/, '')} burst ${burst} per ${per}`;
}

export function printBody(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return 'as the edge';
  return bytes === 0 ? 'no limit' : formatBytes(bytes);
}

export function printRates(rates: readonly RateRule[]): string {
  return rates.map(printRate).join(', ') || 'no limit';
}

export function printCache(cache: CacheRules | null): string {
  return cache ? `${formatBytes(cache.totalBytes)}, each ${formatBytes(cache.entryBytes)}` : 'off';
}

export function printHttp2({ tls, cleartext, webSockets, maxStreams }: Http2Rules): string {
  const more = [
    ...(tls ? [] : ['not over TLS']),
    `${maxStreams} streams`,
    ...(webSockets ? ['WebSockets'] : []),
    ...(cleartext ? ['cleartext'] : []),
  ];
  return tls || cleartext || webSockets ? more.join(', ') : `off, ${maxStreams} streams`;
}

export function printAccessLog(rules: AccessLogRules | null): string {
  if (!rules) return 'off';
  const { format, fields, sample } = rules;
  return [format, ...fields, ...(sample === 1 ? [] : [printShare(sample)])].join(' ');
}

export function printRoute({ to, load, cache, mirror }: RoutePlan): string {
  return [
    printTarget(to),
    ...(load ? printLoad(load) : []),
    ...(cache === null ? [] : [`cache ${cache}`]),
    ...(mirror ? [`mirror ${printShare(mirror.share)} to ${printDestination(mirror.to)}`] : []),
  ].join(', ');
}

function printLoad({ bodyBytes, rates }: LoadRules): string[] {
  return [...(bodyBytes === null ? [] : [`body ${printBody(bodyBytes)}`]), ...rates.map(printRate)];
}

function printTarget(to: RoutePlan['to']): string {
  if (to.kind === 'split') {
    const parts = to.parts.map((part) => `${printDestination(part.to)} ${part.weight}`);
    return `${parts.join(' + ')}${to.sticky ? '' : ' not sticky'}`;
  }
  if (to.kind !== 'files') return printDestination(to);
  const { root, index, spa, cacheControl } = to.files;
  // What is not as it would be without a word.
  return [
    `files ${root}`,
    ...(index === 'index.html' ? [] : [`index ${index ?? 'none'}`]),
    ...(spa ? ['spa'] : []),
    ...(cacheControl === 'no-cache' ? [] : [cacheControl]),
  ].join(', ');
}

function printDestination(to: Destination): string {
  if (to.kind === 'app') return to.app;
  const special = printUpstream(to);
  return special.length === 0 ? to.url : `${to.url} (${special.join('; ')})`;
}

function printUpstream({ url, tls, proxyProtocol, rules, check }: UpstreamPlan): string[] {
  const own = tls && tls.serverName !== hostOf(url) ? [`serverName ${tls.serverName}`] : [];
  return [
    ...own,
    ...(tls?.ca ? [`ca ${tls.ca}`] : []),
    ...(proxyProtocol ? [`proxyProtocol ${proxyProtocol}`] : []),
    ...(check ? [printCheck(check)] : []),
    ...upstreamRows.flatMap(([name, print]) => {
      const value = print(rules);
      return value === print(destinationDefaults.rules) ? [] : [`${name} ${value}`];
    }),
  ];
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
}

function printCheck({ path, everyMs, timeoutMs, failures, successes }: CheckRules): string {
  const often = `every ${formatDuration(everyMs)} within ${formatDuration(timeoutMs)}`;
  return `check ${path} ${often}, out after ${failures}, in after ${successes}`;
}
