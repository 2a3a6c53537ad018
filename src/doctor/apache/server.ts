/** What apps are told, and what holds for the whole server: fields, modules, workers, TLS. */

import { type ApacheSite, everything, type Host, said } from '../../config/import/apache-site.ts';
import { type Finding, finding } from '../finding.ts';

/** Debian ships 150. */
const FEW_WORKERS = 400;

export function serverFindings(site: ApacheSite): Finding[] {
  return [
    ...site.hosts.flatMap((host) => [
      ...forwardedFor(host, site),
      ...forwardedProto(host, site),
      ...preserved(host, site),
      ...open(host),
      ...tls(host),
      ...remoteIp(host),
    ]),
    ...workers(site),
    ...modules(site),
    ...tokens(site),
  ];
}

const ANCHOR = (host: Host) => host.passes[0]?.at ?? host.block ?? { file: '', line: 1 };

function forwardedFor(host: Host, { isPartial }: ApacheSite): Finding[] {
  const fields = everything(host, 'requestheader');
  const isGone = fields.some(
    ({ args }) => /^(?:unset|set)$/i.test(args[0] ?? '') && args[1]?.toLowerCase() === 'x-forwarded-for',
  );
  const isOff = said(host, 'proxyaddheaders')?.args[0]?.toLowerCase() === 'off';
  if (isGone || isOff || isPartial || everything(host, 'remoteipheader').length > 0) return [];
  const effect =
    'Apache adds the real address behind what the client says of itself in "X-Forwarded-For": whoever believes the first one (rate limits, logs, access by address) can be deceived';
  return [
    finding(
      'forwarded-for-spoofable',
      'bad',
      ANCHOR(host),
      effect,
      'RequestHeader unset X-Forwarded-For early',
      'RequestHeader unset X-Forwarded-Host early',
      'RequestHeader unset X-Forwarded-Server early',
      'RequestHeader unset Forwarded early',
    ),
  ];
}

function forwardedProto(host: Host, { isPartial }: ApacheSite): Finding[] {
  const isSaid = everything(host, 'requestheader').some(
    ({ args }) => /^x-forwarded-proto$/i.test(args[1] ?? '') && args[0]?.toLowerCase() === 'set',
  );
  if (isSaid || isPartial) return [];
  const effect =
    'The app does not learn whether the client came by https, or believes what the client says of it: secure cookies are not set, and redirects to https go round in circles';
  return [
    finding(
      'forwarded-proto-missing',
      'warn',
      ANCHOR(host),
      effect,
      'RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}',
    ),
  ];
}

function preserved(host: Host, { isPartial }: ApacheSite): Finding[] {
  const line = said(host, 'proxypreservehost');
  const isOn = line?.args[0]?.toLowerCase() === 'on';
  if (isOn || (!line && isPartial)) return [];
  const effect =
    'The app sees its own inner address as its host instead of the one in the browser: links, redirects, cookies and checks of the origin go wrong';
  return [finding('host-missing', 'warn', line ?? ANCHOR(host), effect, 'ProxyPreserveHost On')];
}

function open(host: Host): Finding[] {
  const line = said(host, 'proxyrequests');
  if (line?.args[0]?.toLowerCase() !== 'on') return [];
  const effect =
    'Anybody can go anywhere through this server, in its name and into your own network: it is an open forward proxy, which a reverse proxy does not need to be';
  return [finding('open-proxy', 'bad', line, effect, 'ProxyRequests Off')];
}

function tls(host: Host): Finding[] {
  const engine = said(host, 'sslengine');
  const protocols = said(host, 'sslprotocol');
  const findings: Finding[] = [];
  if (engine?.args[0]?.toLowerCase() === 'optional') {
    const effect =
      'An upgrade to TLS within a connection can be abused to mix two clients up (CVE-2025-49812)';
    findings.push(finding('ssl-optional', 'bad', engine, effect, 'SSLEngine on'));
  }
  if (protocols) {
    const old = oldProtocols(protocols.args);
    const effect = `${old.join(', ')} can be broken, and no browser of today needs ${old.length > 1 ? 'them' : 'it'}`;
    if (old.length > 0)
      findings.push(
        finding(
          'ssl-protocols',
          old.includes('SSLv3') ? 'bad' : 'warn',
          protocols,
          effect,
          'SSLProtocol -all +TLSv1.2 +TLSv1.3',
        ),
      );
  }
  return findings;
}

/** What is on after words such as `all -SSLv3 +TLSv1.1`. */
function oldProtocols(words: readonly string[]): string[] {
  const old = ['SSLv3', 'TLSv1', 'TLSv1.1'];
  const on = new Set<string>();
  for (const word of words) {
    const [, sign = '', name = ''] = /^([+-]?)(.*)$/.exec(word) ?? [];
    const named =
      name.toLowerCase() === 'all'
        ? old.slice(1)
        : old.filter((one) => one.toLowerCase() === name.toLowerCase());
    for (const one of named) {
      if (sign === '-') on.delete(one);
      else on.add(one);
    }
  }
  return [...on];
}

function remoteIp(host: Host): Finding[] {
  const [header] = everything(host, 'remoteipheader');
  const lists = [
    'remoteiptrustedproxy',
    'remoteipinternalproxy',
    'remoteiptrustedproxylist',
    'remoteipinternalproxylist',
  ];
  if (!header || lists.some((name) => everything(host, name).length > 0)) return [];
  const effect = 'Everybody is believed: the address of a client is whatever it writes into its request';
  return [
    finding(
      'real-ip-everybody',
      'bad',
      header,
      effect,
      'RemoteIPTrustedProxy <network of your CDN or load balancer>',
    ),
  ];
}

/** Each open WebSocket keeps a thread of Apache 2.4 for itself. */
function workers({ shared, modules, hosts, balancers }: ApacheSite): Finding[] {
  const sockets = hosts.some(({ passes }) =>
    passes.some(({ url, parameters }) => /^wss?:/.test(url) || parameters.has('upgrade')),
  );
  const members = balancers.some(({ members }) =>
    members.some(({ args }) => args.some((arg) => /^upgrade=/i.test(arg))),
  );
  const prefork = modules?.has('mpm_prefork') === true;
  const line = shared.filter(({ name }) => name === 'maxrequestworkers' || name === 'maxclients').at(-1);
  const right = ['ServerLimit 40', 'ThreadsPerChild 64', 'MaxRequestWorkers 2560'];
  const anchor = line ?? hosts[0]?.passes[0]?.at;
  if (!anchor || hosts.length === 0) return [];
  if (prefork) {
    const effect =
      'With mpm_prefork each connection costs a whole process: some hundred of them fill the memory';
    return [
      finding(
        'prefork',
        'warn',
        anchor,
        effect,
        '# a2dismod mpm_prefork php8.2 && a2enmod mpm_event',
        ...right,
      ),
    ];
  }
  const count = line ? Number(line.args[0]) : modules ? 400 : undefined;
  if (!(sockets || members) || count === undefined || !(count <= FEW_WORKERS)) return [];
  const effect = `Each open WebSocket keeps a thread for itself, and there are ${count}: one more client, and nobody is served`;
  return [finding('few-workers', 'warn', anchor, effect, ...right)];
}

function modules({ modules, hosts, balancers }: ApacheSite): Finding[] {
  if (!modules) return [];
  return hosts.flatMap((host) =>
    host.passes.flatMap(({ at, by, url, parameters }) => {
      const needed = [
        'proxy',
        ...(/^https?:/.test(url) ? ['proxy_http'] : []),
        ...(/^https:/.test(url) ? ['ssl'] : []),
        ...(/^wss?:/.test(url) ? ['proxy_wstunnel'] : []),
        ...(by === 'RewriteRule' ? ['rewrite'] : []),
        ...(url.startsWith('balancer:') || balancers.some(({ name }) => url.includes(`//${name}`))
          ? [
              'proxy_balancer',
              'slotmem_shm',
              `lbmethod_${parameters.get('lbmethod') ?? 'byrequests'}`,
              'proxy_http',
            ]
          : []),
      ];
      const missing = needed.filter((name) => !modules.has(name));
      if (missing.length === 0) return [];
      const effect = `What is needed for "${url}" is not loaded: Apache does not start, or answers with an error (AH01144 in its log)`;
      return [finding('module-missing', 'bad', at, effect, `# a2enmod ${missing.join(' ')}`)];
    }),
  );
}

function tokens({ shared, modules, hosts }: ApacheSite): Finding[] {
  const line = shared.filter(({ name }) => name === 'servertokens').at(-1);
  const anchor = line ?? hosts[0]?.passes[0]?.at;
  if (!anchor || /^prod/i.test(line?.args[0] ?? '') || (!line && !modules)) return [];
  const effect = 'Every answer tells the version of Apache and the system that it runs on';
  return [finding('server-tokens', 'note', anchor, effect, 'ServerTokens Prod', 'ServerSignature Off')];
}
