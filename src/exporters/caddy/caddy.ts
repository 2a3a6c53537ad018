/**
 * A Caddyfile (2.6 and later), to be imported by the main one in its first line: it has global options. caddyserver.com has
 * the manual; what each line is for was tried with Caddy 2.6.2.
 */
import type { ListenPlan, Plan, SitePlan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { gateDirectives, headerDirectives, pageDirectives } from './content.ts';
import { caddyLosses } from './losses.ts';
import { routeDirectives } from './routes.ts';
import type { Door } from './upstreams.ts';
import { type Block, block, type Directive, fileWord, render, time, word } from './words.ts';

export function caddy(plan: Plan, options: ExportOptions): Exported {
  const sites = Object.values(plan.sites);
  const losses = caddyLosses(plan);
  const others = sites.some(({ host }) => host === '*');
  const text =
    head(options, losses) +
    render([
      block('', ...globalOptions(plan)),
      ...sites.flatMap((site) => ['', ...siteBlocks(site, plan, options)]),
      ...(others
        ? []
        : ['', '# Hosts that no site names.', block('http://', `error ${plan.edge.unknownHost}`)]),
    ]);
  return { files: [{ path: `caddy/${options.name}.caddy`, text, mode: 0o644 }], losses };
}

function head({ name }: ExportOptions, losses: readonly Loss[]): string {
  return comment('#', [
    `Written by \`hold export caddy\`. Put it into /etc/caddy/${name}.caddy, and into the first line of /etc/caddy/Caddyfile: import ${name}.caddy. It has global options, so that one must have none. Look at it with \`caddy validate\`, and \`caddy reload\`.`,
    ...(losses.length > 0 ? ['', 'Not in this file, because Caddy cannot do it, or not from here:'] : []),
    ...lossLines(losses),
  ]);
}

function globalOptions({ edge, sites }: Plan): Directive[] {
  const { http, https, acme, limits, http2, drainMs } = edge;
  const ordered = Object.values(sites).some(({ tls }) => tls?.certificate.from === 'acme');
  const protocols = ['h1', ...(http2.tls ? ['h2'] : []), ...(http2.cleartext ? ['h2c'] : [])];
  return [
    `http_port ${http.port}`,
    `https_port ${https.port}`,
    ...bound(http),
    ...(ordered
      ? [
          `acme_ca ${word(acme.directory)}`,
          ...(acme.directoryCa ? [`acme_ca_root ${fileWord(acme.directoryCa)}`] : []),
          ...(acme.email ? [`email ${word(acme.email)}`] : []),
          ...(acme.eab
            ? [
                '# A secret; it comes from the environment of Caddy.',
                block('acme_eab', `key_id ${word(acme.eab.keyId)}`, 'mac_key {$HOLDFAST_ACME_HMAC}'),
              ]
            : []),
        ]
      : []),
    '# Before it ends or takes another configuration, what it has begun may be finished.',
    `grace_period ${time(drainMs)}`,
    block(
      'servers',
      block('timeouts', `read_header ${time(limits.headTimeoutMs)}`, `idle ${time(limits.keepAliveMs)}`),
      'max_header_size 16KB',
      `protocols ${protocols.join(' ')}`,
      '# The host of a request is the one that its connection was made for.',
      'strict_sni_host',
    ),
  ];
}

function bound({ host }: ListenPlan): string[] {
  return host === null ? [] : [`default_bind ${host.includes(':') ? `[${host}]` : host}`];
}

function siteBlocks(site: SitePlan, plan: Plan, options: ExportOptions): Directive[] {
  const { host, tls } = site;
  const { edge } = plan;
  const name = host === '*' ? '' : host;
  const plain = { scheme: 'http', port: edge.http.port } as const;
  if (!tls) return [serving(`http://${name}`, site, plain, plan, options)];
  const secure = serving(`https://${name}`, site, { scheme: 'https', port: edge.https.port }, plan, options);
  if (!tls.redirect) return [serving(`http://${name}`, site, plain, plan, options), '', secure];
  const port = edge.https.port === 443 ? '' : `:${edge.https.port}`;
  return [block(`http://${name}`, `redir https://{host}${port}{uri} 308`), '', secure];
}

function serving(address: string, site: SitePlan, door: Door, plan: Plan, options: ExportOptions): Block {
  const { content, accessLog } = site;
  return block(
    address,
    ...(door.scheme === 'https' ? certificate(site) : []),
    ...(content?.compress ? ['encode zstd gzip'] : []),
    ...(accessLog && plan.edge.accessLog
      ? [block('log', `output file /var/log/caddy/${options.name}.access.log`, 'format json')]
      : []),
    ...headerDirectives(site, door),
    block(
      'route',
      '# Only WebSockets are passed on: an upgrade to h2c would go past every rule of this file.',
      block(
        '@other_upgrade',
        'header Upgrade *',
        'not vars_regexp {http.request.header.Upgrade} `(?i)^websocket$`',
      ),
      'request_header @other_upgrade -Upgrade',
      'request_header @other_upgrade -Connection',
      ...(content ? gateDirectives(content, site.host) : []),
      '',
      ...routeDirectives(site, door, plan, options),
    ),
    ...(content ? pageDirectives(content) : []),
  );
}

function certificate({ tls }: SitePlan): Directive[] {
  if (!tls) return [];
  const { certificate, clients } = tls;
  const head =
    certificate.from === 'files' ? `tls ${fileWord(certificate.cert)} ${fileWord(certificate.key)}` : 'tls';
  const auth = clients
    ? [
        block(
          'client_auth',
          `mode ${clients.require ? 'require_and_verify' : 'verify_if_given'}`,
          `trusted_ca_cert_file ${fileWord(clients.ca)}`,
        ),
      ]
    : [];
  if (auth.length === 0) return certificate.from === 'files' ? [head] : [];
  return [block(head, ...auth)];
}
