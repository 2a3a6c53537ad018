/** Rates, sizes and numbers of connections. */
import type { LoadRules, RateRule } from '../../protocol/traffic-rules.ts';
import type { Directive } from './blocks.ts';
import type { Http } from './http.ts';

/** For a server or a location. `bodyBytes`: where these rules say nothing of it; null = as around it. */
export function limitDirectives(
  load: LoadRules | null,
  http: Http,
  bodyBytes: number | null = null,
): Directive[] {
  const most = load?.bodyBytes ?? bodyBytes;
  const body = most === null ? [] : [`client_max_body_size ${most}`];
  if (!load) return body;
  const rates = load.rates.map((rule) => {
    const name = http.put('rate', (name) => [
      `limit_req_zone ${keyOf(rule, http)} zone=${name}:10m rate=${perMinute(rule)}r/m`,
    ]);
    return `limit_req zone=${name} burst=${Math.max(1, rule.burst)} nodelay`;
  });
  return [...body, ...rates, ...(rates.length > 0 ? ['limit_req_status 429'] : [])];
}

/** nginx counts whole requests, by the second or by the minute. */
function perMinute({ requests, perMs }: RateRule): number {
  return Math.max(1, Math.round((requests * 60_000) / perMs));
}

function keyOf({ by }: RateRule, http: Http): string {
  switch (by.kind) {
    case 'all':
      return '$server_name';
    case 'ip':
      return '$binary_remote_addr';
    case 'cookie':
    case 'header': {
      const said = `$${by.kind === 'cookie' ? 'cookie' : 'http'}_${by.name.toLowerCase().replaceAll('-', '_')}`;
      return http.map(
        'caller',
        said,
        'Who says nothing of it counts by address.',
        `"" $binary_remote_addr`,
        `default ${said}`,
      );
    }
  }
}
