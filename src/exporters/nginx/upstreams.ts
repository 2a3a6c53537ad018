/** Pools of servers: one for each app, and for each server that Holdfast does not run. */
import type { AppPlan, Destination, Plan, UpstreamPlan } from '../../config/plan.ts';
import type { UpstreamRules } from '../../protocol/traffic-rules.ts';
import { type Place, printPlace } from '../exported.ts';
import { block, type Directive, exactly, quoted, time } from './blocks.ts';
import type { Http } from './http.ts';

/** How a location passes requests on. */
export interface Pass {
  /** `proxy` or `grpc`: the first part of the names of its directives. */
  readonly by: 'proxy' | 'grpc';
  /** With scheme: `http://holdfast_web`. May hold a variable. */
  readonly to: string;
  /** For the location. */
  readonly directives: readonly Directive[];
  /** Variable with the Set-Cookie of stickiness, empty when the client has it already; undefined = none. */
  readonly cookie: string | undefined;
}

export function passTo(to: Destination, plan: Plan, http: Http): Pass {
  return to.kind === 'app' ? passToApp(plan.apps[to.app] as AppPlan, http) : passToServer(to, http);
}

function passToApp(app: AppPlan, http: Http): Pass {
  const places = http.options.places.get(app.name) ?? [];
  const sticky = app.sticky === 'auto' || app.sticky === 'cookie';
  const client = sticky ? stickyClient(http) : undefined;
  const by = app.sticky === 'ip' ? ['ip_hash'] : client ? [`hash ${client.id} consistent`] : ['least_conn'];
  const name = http.put(named(app.name), (name) => [
    block(
      `upstream ${name}`,
      ...by,
      ...servers(places, http.options.isFront ? { ...app.upstream, outliers: null } : app.upstream),
      ...keepalive(http),
    ),
  ]);
  return { ...scheme(name, app.upstream, false), directives: [], cookie: client?.cookie };
}

function passToServer({ address, rules, tls, url }: UpstreamPlan, http: Http): Pass {
  const name = http.put(named(url), (name) => [
    `# ${url}`,
    block(`upstream ${name}`, ...servers([address], rules), ...keepalive(http)),
  ]);
  const pass = scheme(name, rules, tls !== null);
  const { by } = pass;
  const directives = tls
    ? [
        `${by}_ssl_server_name on`,
        `${by}_ssl_name ${quoted(tls.serverName)}`,
        '# Who that is, is verified.',
        `${by}_ssl_verify on`,
        `${by}_ssl_verify_depth 5`,
        `${by}_ssl_trusted_certificate ${quoted(tls.ca ?? '/etc/ssl/certs/ca-certificates.crt')}`,
      ]
    : [];
  return { ...pass, directives, cookie: undefined };
}

function scheme(name: string, { protocol }: UpstreamRules, tls: boolean): Pick<Pass, 'by' | 'to'> {
  if (protocol === 'h2c') return { by: 'grpc', to: `${tls ? 'grpcs' : 'grpc'}://${name}` };
  return { by: 'proxy', to: `${tls ? 'https' : 'http'}://${name}` };
}

/** Without this, each request costs a connection. Apps must keep idle ones for longer: Node before version 26 does so for 5 s only. */
function keepalive({ options }: Http): Directive[] {
  return ['keepalive 64', `keepalive_timeout ${time(options.idleMs ?? 60_000)}`, 'keepalive_requests 100000'];
}

function servers(places: readonly Place[], { outliers, inFlight }: UpstreamRules): Directive[] {
  if (places.length === 0) return ['# It has no instances.', 'server 127.0.0.1:9 down'];
  const most = inFlight ? ` max_conns=${Math.max(1, Math.ceil(inFlight.max / places.length))}` : '';
  const fails = outliers
    ? ` max_fails=${outliers.failures} fail_timeout=${time(outliers.ejectMs)}`
    : ' max_fails=0';
  return places.map((place) => `server ${quoted(printPlace(place))}${fails}${most}`);
}

/** One cookie for all apps: a hash of it leads each client to the same instance of each. */
function stickyClient(http: Http): { readonly id: string; readonly cookie: string } {
  const name = `${http.options.name.replaceAll('-', '_')}_client`;
  const id = http.map(
    'client',
    `$cookie_${name}`,
    'Who a client is, so that it comes back to the same instance: its cookie, or a new number.',
    `"~^[\\w-]{1,64}$" $cookie_${name}`,
    'default $request_id',
  );
  const secure = http.map('secure', '$scheme', 'Of cookies, over https.', 'https "; Secure"', 'default ""');
  const cookie = http.map(
    'set_client',
    `$cookie_${name}`,
    'The cookie, for those who have none; an empty header is not sent.',
    '"~^[\\w-]{1,64}$" ""',
    `default "${name}=$request_id; Path=/; HttpOnly; SameSite=Lax${secure}"`,
  );
  return { id, cookie };
}

/** Spreads clients over several pools by weight; a client stays where it is, because its number says so. */
export function passToSplit(
  parts: readonly { readonly pass: Pass; readonly weight: number }[],
  sticky: boolean,
  http: Http,
): Pass {
  const client = sticky ? stickyClient(http) : undefined;
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  const some = parts.filter(({ weight }) => weight > 0);
  const lines = some.map(({ pass, weight }, n) => {
    const share = n === some.length - 1 ? '*' : `${((weight / total) * 100).toFixed(2)}%`;
    return `${share} ${pass.to}`;
  });
  const name = http.put('split', (name) => [
    '# Which of several apps a client gets.',
    block(`split_clients "${client?.id ?? '$request_id'}" $${name}`, ...lines),
  ]);
  return {
    by: some[0]?.pass.by ?? 'proxy',
    to: `$${name}`,
    directives: some.flatMap(({ pass }) => pass.directives),
    cookie: client?.cookie ?? some.find(({ pass }) => pass.cookie)?.pass.cookie,
  };
}

function named(text: string): string {
  return exactly(text)
    .replace(/[^\w]+/g, '_')
    .replace(/^_|_$/g, '')
    .toLowerCase();
}
