/** What a site does besides passing requests on: headers, redirects, who may enter, pages. */
import type { SitePlan } from '../../config/plan.ts';
import type { PathRule, RedirectRule, SiteContent } from '../../protocol/site-content.ts';
import { type Directive, exactly, headerValue, literally, quoted, ruled, section } from './blocks.ts';
import type { Server } from './server.ts';

/** Fields of all answers of a site: those of the app, and those that Apache makes itself. */
export function headerDirectives({ content, tls }: SitePlan, server: Server): Directive[] {
  const hsts = tls?.hstsSeconds
    ? [`Header always set Strict-Transport-Security "max-age=${tls.hstsSeconds}"`]
    : [];
  if (!content) return hsts;
  const { set, fallback, remove } = content.headers;
  const hidden = new Set([...remove, ...Object.keys(set)].map((name) => name.toLowerCase()));
  const added = Object.entries(fallback).filter(([name]) => !hidden.has(name.toLowerCase()));
  if (content.requestId) server.needs('unique_id');
  return [
    ...remove.flatMap((name) => [`Header unset ${quoted(name)}`, `Header always unset ${quoted(name)}`]),
    ...Object.entries(set).flatMap(([name, value]) => [
      `Header unset ${quoted(name)}`,
      `Header always set ${quoted(name)} ${headerValue(value)}`,
    ]),
    ...added.map(
      ([name, value]) => `Header always set ${quoted(name)} ${headerValue(value)} "expr=-z %{resp:${name}}"`,
    ),
    ...(content.requestId
      ? [
          'RequestHeader set X-Request-Id "expr=%{env:UNIQUE_ID}"',
          'Header unset X-Request-Id',
          'Header always set X-Request-Id "%{UNIQUE_ID}e"',
        ]
      : []),
    ...hsts,
  ];
}

/** For the whole site. */
export function gateDirectives({ content, host }: SitePlan, server: Server): Directive[] {
  const { allow = [], deny = [], auth = null } = content ?? {};
  const peers = [
    ...(allow.length > 0 ? [section('RequireAny', ...allow.map((peer) => `Require ip ${peer}`))] : []),
    ...(deny.length > 0
      ? [section('RequireNone', ...deny.map((peer) => `Require ip ${peer}`)), 'Require all granted']
      : []),
  ];
  const users = Object.keys(auth?.users ?? {});
  if (auth) server.needs('auth_basic', 'authn_core', 'authn_file', 'authz_user');
  return [
    section(
      'Location "/"',
      ...(auth
        ? [
            '# Passwords as htpasswd(1) writes them. As long as there is no such file, nobody gets in.',
            'AuthType Basic',
            `AuthName ${quoted(auth.realm)}`,
            'AuthBasicProvider file',
            `AuthUserFile ${quoted(`/etc/apache2/${server.options.name}.${host.replaceAll('*', '+')}.htpasswd`)}`,
          ]
        : []),
      ...(peers.length + users.length === 0
        ? [auth ? 'Require all denied' : 'Require all granted']
        : [
            section(
              'RequireAll',
              ...peers,
              ...(auth
                ? [users.length > 0 ? `Require user ${users.map(quoted).join(' ')}` : 'Require all denied']
                : []),
            ),
          ]),
    ),
  ];
}

/** Compression and pages. */
export function answerDirectives(content: SiteContent, server: Server): Directive[] {
  const { compress, errorPages, maintenance } = content;
  if (compress) server.needs('deflate', 'filter');
  const pages = maintenance?.page ? { ...errorPages, 503: maintenance.page } : errorPages;
  const shown = Object.entries(pages).filter(([, path]) => canShow(path));
  return [
    ...(compress ? [`AddOutputFilterByType DEFLATE ${TEXT_TYPES}`] : []),
    ...(shown.length > 0
      ? [
          '# Pages say themselves in which alphabet they are.',
          'SetEnvIf Request_URI "^" suppress-error-charset',
        ]
      : []),
    ...shown.map(([status, path]) => `ErrorDocument ${status} ${quoted(`%{file:${path}}`)}`),
  ];
}

/** The path is part of an expression, which knows no quotes. */
export function canShow(path: string): boolean {
  return /^[\w./ @+-]+$/.test(path);
}

const TEXT_TYPES =
  'text/html text/plain text/css text/xml text/javascript application/javascript application/json application/manifest+json application/xml application/rss+xml application/atom+xml image/svg+xml';

/** Rules of mod_rewrite, in the order in which they are asked. */
export function rewriteDirectives({ maintenance, redirects, rewrites }: SiteContent): Directive[] {
  return [
    ...(maintenance
      ? [
          ...(maintenance.allow.length > 0
            ? [`RewriteCond expr "! (${oneOf('REMOTE_ADDR', maintenance.allow)})"`]
            : []),
          'RewriteRule "^" "-" [R=503,L]',
        ]
      : []),
    ...(redirects.length > 0 ? ['RewriteMap escaped "int:escape"', ...redirects.map(redirect)] : []),
    ...rewrites.map(
      (rule) =>
        `RewriteRule ${ruled(pattern(rule))} ${ruled(literally(rule.to) + (rule.toBelow ? '$1' : ''))}`,
    ),
  ];
}

/** An expression: the address is one of these, or in one of these networks. */
export function oneOf(variable: string, peers: readonly string[]): string {
  const tests = peers.map((peer) => `%{${variable}} -ipmatch '${peer}'`);
  return tests.length === 1 ? (tests[0] ?? '') : `(${tests.join(' || ')})`;
}

function redirect(rule: RedirectRule): string {
  const rest = rule.toBelow ? ESCAPED_REST : '';
  const to = ruled(literally(rule.to)).slice(0, -1);
  return `RewriteRule ${ruled(pattern(rule))} ${to}${rest}" [R=${rule.status},NE,L]`;
}

/** What matched in parentheses, through the map of that name: a line end in it must not end the header. */
const ESCAPED_REST = ['$', '{escaped:$1}'].join('');

function pattern({ from, below }: PathRule): string {
  return below ? `^${exactly(from.replace(/\/$/, ''))}(?:/(.*))?$` : `^${exactly(from)}$`;
}
