/** What holds for whole servers: TLS, sizes, whom to believe. */
import type { FrontDirective } from '../../config/import/front-tree.ts';
import { type Finding, finding } from '../finding.ts';
import type { Scope } from './scope.ts';
import type { NginxSite } from './site.ts';

export function serverFindings(site: NginxSite): Finding[] {
  const proxies = site.servers.filter((server) => hasProxy(server, site));
  return [
    ...proxies.flatMap((server) => [...bodySize(server, site), ...tokens(server)]),
    ...site.servers.flatMap(protocols),
    ...site.scopes.flatMap(realIp),
    ...believed(site),
  ];
}

function hasProxy(server: Scope, { proxied }: NginxSite): boolean {
  return proxied.some(({ scope }) => {
    for (let level: Scope | undefined = scope; level; level = level.parent) if (level === server) return true;
    return false;
  });
}

function bodySize(server: Scope, { proxied }: NginxSite): Finding[] {
  const isSaid = proxied.some(({ scope }) => scope.own('client_max_body_size').length > 0);
  if (isSaid || !server.lacks('client_max_body_size') || !server.block) return [];
  const effect = 'Uploads of more than 1 MB, the default, get 413 from nginx and never reach the app';
  return [finding('body-size', 'note', server.block, effect, 'client_max_body_size 32m;')];
}

function tokens(server: Scope): Finding[] {
  const said = server.one('server_tokens');
  if (said ? said.args[0] !== 'on' : !server.lacks('server_tokens') || !server.block) return [];
  const effect = 'Every answer, and every error page, tells the version of nginx';
  return [
    finding('server-tokens', 'note', said ?? (server.block as FrontDirective), effect, 'server_tokens off;'),
  ];
}

function protocols(server: Scope): Finding[] {
  const right = 'ssl_protocols TLSv1.2 TLSv1.3;';
  const listens = server.own('listen').filter(({ args }) => args.includes('ssl') || args.includes('quic'));
  const said = server.one('ssl_protocols');
  if (said) {
    const old = said.args.filter((name) => /^(?:SSLv[23]|TLSv1(?:\.1)?)$/.test(name));
    if (old.length === 0) return [];
    const broken = old.some((name) => name.startsWith('SSL'));
    const effect = `${old.join(', ')} can be broken, and no browser of today needs ${old.length > 1 ? 'them' : 'it'}`;
    return [finding('ssl-protocols', broken ? 'bad' : 'warn', said, effect, right)];
  }
  const [first] = listens;
  if (!first || !server.lacks('ssl_protocols')) return [];
  const effect = 'Before nginx 1.27.3 TLSv1 and TLSv1.1 are on by default, which can be broken';
  return [finding('ssl-protocols', 'note', first, effect, right)];
}

function realIp(scope: Scope): Finding[] {
  const everybody = scope
    .own('set_real_ip_from')
    .filter(({ args }) => ['0.0.0.0/0', '::/0'].includes(args[0] ?? ''))
    .map((line) =>
      finding(
        'real-ip-everybody',
        'bad',
        line,
        'Everybody is believed who they say they are: the address of a client is whatever it writes into its request',
        'set_real_ip_from <network of your CDN or load balancer>;',
      ),
    );
  const [header] = scope.own('real_ip_header');
  if (!header || scope.all('set_real_ip_from').length > 0 || scope.isPartial) return everybody;
  const below = scope.directives.some(({ body }) => body?.some(({ name }) => name === 'set_real_ip_from'));
  if (below) return everybody;
  const effect = 'It has no effect: "set_real_ip_from" must say whose word counts';
  return [
    ...everybody,
    finding(
      'real-ip-nobody',
      'warn',
      header,
      effect,
      'set_real_ip_from <network of your CDN or load balancer>;',
      'real_ip_recursive on;',
    ),
  ];
}

/** Decisions by what a client says of itself. */
function believed(site: NginxSite): Finding[] {
  const effect = 'A client decides about this itself, by what it writes into "X-Forwarded-For"';
  const keys = [
    ...site.http.own('limit_req_zone'),
    ...site.http.own('limit_conn_zone'),
    ...site.http.own('geo'),
  ];
  const decisions = [...keys, ...site.scopes.flatMap((scope) => scope.own('if'))];
  return decisions
    .filter(({ args, name }) =>
      (name === 'geo' ? args.slice(0, -1) : args).some((arg) => arg.includes('$http_x_forwarded_for')),
    )
    .map((line) =>
      finding(
        'forwarded-for-believed',
        'bad',
        line,
        effect,
        '# with $remote_addr or $binary_remote_addr in its place; behind a CDN or load balancer also',
        'set_real_ip_from <its network>; real_ip_header X-Forwarded-For; real_ip_recursive on;',
      ),
    );
}
