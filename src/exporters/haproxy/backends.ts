/** Pools of servers: one for each app, and for each server that Holdfast does not run. */
import type { AppPlan, Destination, HealthPlan, Plan, SitePlan, UpstreamPlan } from '../../config/plan.ts';
import type { CheckRules, UpstreamRules } from '../../protocol/traffic-rules.ts';
import { type Place, printPlace } from '../exported.ts';
import type { Rules } from './rules.ts';
import { named, type Section, time, word } from './words.ts';

interface Known {
  readonly name: string;
  readonly to: Destination;
  readonly sites: Set<SitePlan>;
}

export class Backends {
  readonly #plan: Plan;
  readonly #rules: Rules;
  readonly #known = new Map<string, Known>();

  constructor(plan: Plan, rules: Rules) {
    this.#plan = plan;
    this.#rules = rules;
  }

  /** Name of the backend for it, which is used by this site. */
  of(to: Destination, site: SitePlan): string {
    const key = JSON.stringify(to);
    const what = named(to.kind === 'app' ? to.app : to.url);
    const known = this.#known.get(key) ?? { name: this.#rules.unique(what), to, sites: new Set() };
    this.#known.set(key, known);
    known.sites.add(site);
    return known.name;
  }

  /** Names of those whose clients come back to the same instance by a cookie. */
  get sticky(): string[] {
    return [...this.#known.values()].filter(({ to }) => this.#hasCookie(to)).map(({ name }) => name);
  }

  get sections(): readonly Section[] {
    return [...this.#known.values()].map((known) => ({
      head: `backend ${known.name} from ${this.#rules.name}`,
      lines: this.#lines(known),
    }));
  }

  #hasCookie(to: Destination): boolean {
    const sticky = to.kind === 'app' ? this.#plan.apps[to.app]?.sticky : 'none';
    return sticky === 'auto' || sticky === 'cookie';
  }

  #lines({ name, to, sites }: Known): string[] {
    const compress = [...sites].every(({ content }) => content?.compress);
    const common = [
      '# Event streams: silence is no reason to cut them.',
      'http-request set-timeout server 1h if { req.hdr(accept) -m sub text/event-stream }',
      ...(compress ? ['compression algo gzip', `compression type ${TEXT_TYPES}`] : []),
    ];
    if (to.kind === 'upstream') return [`# ${to.url}`, ...common, ...serverLines(to)];
    const app = this.#plan.apps[to.app] as AppPlan;
    const { places, isFront } = this.#rules.options;
    // Holdfast looks whether its apps are well; here a connection is enough.
    const seen = isFront ? { ...app, health: null, upstream: { ...app.upstream, outliers: null } } : app;
    return [...common, ...instanceLines(seen, name, places.get(app.name) ?? [])];
  }
}

const TEXT_TYPES =
  'text/html text/plain text/css text/xml text/javascript application/javascript application/json application/manifest+json application/xml application/rss+xml application/atom+xml image/svg+xml';

function instanceLines(
  { sticky, health, upstream }: AppPlan,
  name: string,
  places: readonly Place[],
): string[] {
  const byCookie = sticky === 'auto' || sticky === 'cookie';
  if (places.length === 0) return ['# It has no instances.', 'http-request deny deny_status 503'];
  return [
    ...(sticky === 'ip' ? ['balance source', 'hash-type consistent'] : ['balance leastconn']),
    ...(byCookie ? [`cookie ${name} insert indirect nocache httponly attr SameSite=Lax`] : []),
    ...probeLines(health),
    ...poolLines(upstream, places.length),
    ...places.map((place, slot) => {
      const cookie = byCookie ? ` cookie ${slot}` : '';
      const checked = health ? checkWords(health.everyMs, health.failures, 1) : checkWords(2000, 2, 1);
      return `server ${slot} ${address(place)}${cookie}${serverWords(upstream, places.length, checked)}`;
    }),
  ];
}

/** Whether an instance is well; a connection is enough where the plan names no path. */
function probeLines(health: HealthPlan | null): string[] {
  if (health?.probe.kind !== 'http' || health.probe.port !== null) return [];
  return checkLines(health.probe.path, health.timeoutMs);
}

function checkLines(path: string, timeoutMs: number): string[] {
  return [
    'option httpchk',
    `http-check send meth GET uri ${word(path)} ver HTTP/1.1 hdr Host localhost`,
    'http-check expect status 200-399',
    `timeout check ${time(timeoutMs)}`,
  ];
}

/** While it is down it is looked at each second, so that it is back soon. */
function checkWords(everyMs: number, failures: number, successes: number): string {
  return ` check inter ${time(everyMs)} downinter ${time(Math.min(everyMs, 1000))} fall ${failures} rise ${successes}`;
}

function serverLines({ address: place, tls, rules, check, proxyProtocol }: UpstreamPlan): string[] {
  const checked = check
    ? checkWords(check.everyMs, check.failures, check.successes)
    : rules.slowStartMs > 0 && rules.outliers
      ? checkWords(2000, 2, 1)
      : '';
  const secure = tls
    ? ` ssl verify required verifyhost ${word(tls.serverName)} sni ${word(`str(${tls.serverName})`)} ca-file ${word(tls.ca ?? '/etc/ssl/certs/ca-certificates.crt')}`
    : '';
  // What looks at it names no host by itself.
  const looked = tls && checked !== '' ? ` check-sni ${word(tls.serverName)}` : '';
  const proxied = proxyProtocol ? ` send-proxy${proxyProtocol === 'v2' ? '-v2' : ''}` : '';
  return [
    ...(check ? upstreamCheck(check) : []),
    ...poolLines(rules, 1),
    `server 0 ${address(place)}${secure}${looked}${proxied}${serverWords(rules, 1, checked)}`,
  ];
}

function upstreamCheck({ path, timeoutMs }: CheckRules): string[] {
  return checkLines(path, timeoutMs);
}

function poolLines({ inFlight, retries }: UpstreamRules, count: number): string[] {
  return [
    '# Another instance is asked when one does not answer, but never twice for what must not be done twice.',
    `retries ${count > 1 ? 2 : 1}`,
    'option redispatch 1',
    ...(retries.share > 0 || retries.perSecond > 0
      ? [
          'retry-on conn-failure empty-response',
          'http-request disable-l7-retry unless { method GET HEAD OPTIONS PUT DELETE }',
        ]
      : []),
    ...(inFlight
      ? [
          `timeout queue ${time(inFlight.timeoutMs)}`,
          `http-request return status 503 content-type text/plain string 'Too many requests are waiting' hdr Retry-After 1 if { queue ge ${Math.max(1, inFlight.maxWaiting)} }`,
        ]
      : []),
  ];
}

function serverWords(
  { protocol, inFlight, outliers, slowStartMs }: UpstreamRules,
  count: number,
  checked: string,
): string {
  const words = [
    protocol === 'h2c' ? 'proto h2' : '',
    inFlight ? `maxconn ${Math.max(1, Math.ceil(inFlight.max / count))}` : '',
    // Of a single one nothing is gained, and the app would be gone.
    outliers && count > 1 && checked !== ''
      ? `observe layer4 error-limit ${outliers.failures} on-error mark-down`
      : '',
    slowStartMs > 0 && checked !== '' ? `slowstart ${time(slowStartMs)}` : '',
  ];
  return (
    checked +
    words
      .filter((text) => text !== '')
      .map((text) => ` ${text}`)
      .join('')
  );
}

function address(place: Place): string {
  return word('path' in place ? `unix@${place.path}` : printPlace(place));
}
