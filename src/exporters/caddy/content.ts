/** What a site does besides passing requests on: who may enter, redirects, fields of answers, pages. */
import { basename, dirname } from 'node:path';
import type { SitePlan } from '../../config/plan.ts';
import type { PathRule, SiteContent } from '../../protocol/site-content.ts';
import type { Door } from './upstreams.ts';
import { passwordVariable } from './variables.ts';
import { block, type Directive, exactly, pattern, word } from './words.ts';

/** Fields of all answers; at the end, when the app has said its own. */
export function headerDirectives({ content, tls }: SitePlan, { scheme }: Door): Directive[] {
  const hsts =
    tls?.hstsSeconds && scheme === 'https' ? [`Strict-Transport-Security max-age=${tls.hstsSeconds}`] : [];
  const { set, fallback, remove } = content?.headers ?? { set: {}, fallback: {}, remove: [] };
  const said = new Set([...remove, ...Object.keys(set)].map((name) => name.toLowerCase()));
  const lines = [
    ...remove.map((name) => `-${name}`),
    ...Object.entries(set).map(([name, value]) => `${fieldName(name)} ${word(value)}`),
    ...Object.entries(fallback)
      .filter(([name]) => !said.has(name.toLowerCase()))
      .map(([name, value]) => `?${name} ${word(value)}`),
    ...hsts,
    ...(content?.requestId ? ['X-Request-Id {http.request.uuid}'] : []),
  ];
  return lines.length > 0 ? [block('header', ...new Set(lines), 'defer')] : [];
}

/** Inside the `route` of the site: in this order. */
export function gateDirectives(
  { allow, deny, redirects, maintenance, auth, rewrites, requestId }: SiteContent,
  host: string,
): Directive[] {
  return [
    ...(deny.length > 0 ? [`@denied remote_ip ${deny.join(' ')}`, 'error @denied 403'] : []),
    ...(allow.length > 0 ? [`@strangers not remote_ip ${allow.join(' ')}`, 'error @strangers 403'] : []),
    ...redirects.flatMap((rule, n) => {
      const name = `moved_${n + 1}`;
      const query = rule.to.includes('?') ? '' : `{re.${name}.2}`;
      return [
        `@${name} vars_regexp ${name} {http.request.orig_uri} ${matching(rule)}`,
        `redir @${name} ${target(rule, name, query)} ${rule.status}`,
      ];
    }),
    ...(maintenance ? closed(maintenance) : []),
    ...(auth ? passwords(auth, host) : []),
    ...(requestId ? ['request_header X-Request-Id {http.request.uuid}'] : []),
    // The last one counts, and the first that matches is to.
    ...[...rewrites].reverse().flatMap((rule, n) => {
      const name = `elsewhere_${rewrites.length - n}`;
      return [
        `@${name} vars_regexp ${name} {http.request.orig_uri} ${matching(rule)}`,
        `rewrite @${name} ${target(rule, name, `{re.${name}.2}`)}`,
      ];
    }),
  ];
}

/** The path as it came: 1 is what is below, 2 the query. */
function matching({ from, below }: PathRule): string {
  const path = below ? `${exactly(from.replace(/\/$/, ''))}(?:/([^?]*))?` : `${exactly(from)}()`;
  return pattern(`^${path}(\\?.*)?$`);
}

function target({ to, toBelow }: PathRule, name: string, query: string): string {
  const text = word(to);
  const more = `${toBelow ? `{re.${name}.1}` : ''}${query}`;
  return /^["`]/.test(text) ? `${text.slice(0, -1)}${more}${text[0]}` : `${text}${more}`;
}

function closed({ page, allow }: NonNullable<SiteContent['maintenance']>): Directive[] {
  return [
    '# The site is being worked on.',
    ...(allow.length > 0 ? [`@outsiders not remote_ip ${allow.join(' ')}`] : ['@outsiders path *']),
    block(
      'handle @outsiders',
      'header Retry-After 120',
      ...(page
        ? [
            `root * ${word(dirname(page))}`,
            `rewrite * ${word(`/${basename(page)}`)}`,
            block('file_server', 'status 503'),
          ]
        : ['respond "This site is being worked on. Please come back in a few minutes" 503']),
    ),
  ];
}

/** At the beginning of a line some words are Caddy's own, in quotes, too. In names of fields case means nothing. */
function fieldName(name: string): string {
  return /^(?:import|defer|match)$/.test(name) ? name.toUpperCase() : name;
}

/** There, too. What the environment does not have is nothing. */
function userWord(user: string): string {
  return user === 'import' ? 'import{env.HOLDFAST_NONE}' : word(user);
}

/** What no password gives. */
const NOBODY = Buffer.from(`$2a$04$${'.'.repeat(53)}`).toString('base64');

function passwords({ realm, users }: NonNullable<SiteContent['auth']>, host: string): Directive[] {
  const names = Object.keys(users);
  return [
    '# Hashes come from `caddy hash-password`, in these variables of its environment. As long as they are not there, nobody gets in.',
    block(
      `basicauth bcrypt ${word(realm)}`,
      ...names.map((user) => `${userWord(user)} {$${passwordVariable(host, user)}:${NOBODY}}`),
    ),
    'request_header -Authorization',
  ];
}

export function pageDirectives({ errorPages }: SiteContent): Directive[] {
  const pages = Object.entries(errorPages);
  if (pages.length === 0) return [];
  return [
    block(
      'handle_errors',
      ...pages.flatMap(([status, path]) => [
        `@error_${status} expression {http.error.status_code} == ${status}`,
        block(
          `handle @error_${status}`,
          `root * ${word(dirname(path))}`,
          `rewrite * ${word(`/${basename(path)}`)}`,
          'file_server',
        ),
      ]),
    ),
  ];
}
