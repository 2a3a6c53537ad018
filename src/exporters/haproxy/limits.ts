/** Rates and sizes. Rates are counted in tables, each in a backend of its own, because a backend has one only. */
import type { EdgePlan, RoutePlan, SitePlan } from '../../config/plan.ts';
import type { RateRule } from '../../protocol/traffic-rules.ts';
import type { Rules } from './rules.ts';
import { siteName, time, word } from './words.ts';

/** HAProxy counts each request in three tables at most, and the first is that of connections. */
export const MOST_RATES = 2;

export function sizeLines(site: SitePlan, routes: readonly Numbered[], { limits }: EdgePlan): string[] {
  const ofSite = site.load?.bodyBytes ?? limits.bodyBytes;
  return routes.flatMap(({ route, condition }) => {
    const most = route.load?.bodyBytes ?? ofSite;
    return most === 0
      ? []
      : [`http-request deny deny_status 413 if ${condition} { req.hdr_val(content-length) gt ${most} }`];
  });
}

/** A route, and the condition that a request is for it. */
export interface Numbered {
  readonly route: RoutePlan;
  /** Of all routes of the plan, from 1. */
  readonly number: number;
  readonly condition: string;
}

/** The rules that there is room for: first those of the site, then those of the route. */
export function rateLines(site: SitePlan, routes: readonly Numbered[], rules: Rules): string[] {
  const ofSite = (site.load?.rates ?? []).slice(0, MOST_RATES);
  const left = MOST_RATES - ofSite.length;
  return [
    ...ofSite.flatMap((rate, n) => rateRule(rate, n + 1, siteName(site.host), rules)),
    ...routes.flatMap(({ route, condition }) =>
      (route.load?.rates ?? [])
        .slice(0, left)
        .flatMap((rate, n) => rateRule(rate, ofSite.length + n + 1, condition, rules)),
    ),
  ];
}

/** Only what is let in counts: who is refused does not stay out because it goes on asking. */
function rateRule({ requests, perMs, burst, by }: RateRule, slot: number, here: string, rules: Rules) {
  const isAddress = by.kind === 'ip';
  const table = rules.table('rate', [
    `stick-table type ${isAddress ? 'ipv6' : 'string len 128'} size ${by.kind === 'all' ? '1' : '100k'} expire ${time(Math.max(perMs, 1000))} store gpc0,gpc0_rate(${time(perMs)})`,
  ]);
  const key = { all: 'str(all)', ip: NETWORK, header: 'var(txn.caller)', cookie: 'var(txn.caller)' }[by.kind];
  return [
    ...('name' in by
      ? [
          `http-request set-var-fmt(txn.caller) %[${NETWORK}] if ${here}`,
          `http-request set-var(txn.caller) ${said(by)} if ${here} { ${said(by)} -m found }`,
        ]
      : []),
    `http-request track-sc${slot} ${key} table ${table} if ${here}`,
    `http-request return status 429 content-type text/plain string ${word('Too many requests')} hdr Retry-After ${Math.max(1, Math.ceil(perMs / requests / 1000))} if ${here} { sc${slot}_gpc0_rate(${table}) ge ${Math.max(requests, burst)} }`,
    `http-request sc-inc-gpc0(${slot}) if ${here}`,
  ];
}

/** Who has IPv6 has a whole network of addresses. */
const NETWORK = 'src,ipmask(32,64)';

function said(by: { readonly kind: 'header' | 'cookie' | 'ip' | 'all'; readonly name: string }): string {
  return by.kind === 'cookie' ? `req.cook(${by.name})` : `req.fhdr(${by.name})`;
}
