/** What a site does besides passing requests on: who may enter, redirects, other paths, fields of answers. */
import type { SitePlan } from '../../config/plan.ts';
import type { PathRule, SiteContent } from '../../protocol/site-content.ts';
import { plain, siteName, underPath, word } from './words.ts';

const CLOSED =
  '<!doctype html><title>Maintenance</title><p>This site is being worked on. Please come back in a few minutes.</p>';

/** Before its routes are looked for: who is turned away, or sent elsewhere; and under which path things are looked up. */
export function gateLines({ host, content, tls }: SitePlan): string[] {
  const here = siteName(host);
  return [
    ...(tls?.clients?.require ? [`http-request deny deny_status 403 if ${here} !{ ssl_c_used }`] : []),
    ...(content ? contentGate(content, here) : []),
  ];
}

function contentGate({ allow, deny, redirects, maintenance, rewrites }: SiteContent, here: string): string[] {
  const insiders = maintenance?.allow.length ? ` !{ src ${maintenance.allow.join(' ')} }` : '';
  const page = maintenance?.page ? `file ${word(maintenance.page)}` : `string ${word(CLOSED)}`;
  return [
    ...(deny.length > 0 ? [`http-request deny deny_status 403 if ${here} { src ${deny.join(' ')} }`] : []),
    ...(allow.length > 0 ? [`http-request deny deny_status 403 if ${here} !{ src ${allow.join(' ')} }`] : []),
    ...redirects.map((rule) => {
      const query = rule.to.includes('?') ? '' : '%[var(txn.query)]';
      return `http-request redirect location ${target(rule, query)} code ${rule.status} if ${matches(rule, here)}`;
    }),
    ...(maintenance
      ? [
          `http-request return status 503 content-type "text/html; charset=utf-8" ${page} hdr Retry-After 120 if ${here}${insiders}`,
        ]
      : []),
    ...rewriteLines(rewrites, here),
  ];
}

/** The first that matches counts; its number is kept, so that no other rule sees the path that it made. */
function rewriteLines(rewrites: readonly PathRule[], here: string): string[] {
  return rewrites.flatMap((rule, n) => [
    `http-request set-var(txn.rewrite) int(${n + 1}) if ${matches(rule, `${here} !{ var(txn.rewrite) -m found }`)}`,
    `http-request set-path ${target(rule, '')} if ${here} { var(txn.rewrite) -m int ${n + 1} }`,
  ]);
}

function matches({ from, below }: PathRule, here: string): string {
  return below ? underPath(from, here) : `${here} { path -m str ${word(from)} }`;
}

/** A format. What is below `from` is what follows as many slashes as `from` has. */
function target({ from, to, toBelow }: PathRule, more: string): string {
  const rest = toBelow ? `%[path,field(${from.split('/').length},/,0)]` : '';
  return word(`${plain(to)}${rest}${more}`);
}

/** Passwords; after rates, because looking at one is work. */
export function authLines({ host, content }: SitePlan, users: string): string[] {
  if (!content?.auth) return [];
  const { realm } = content.auth;
  return [
    `http-request auth realm ${word(realm)} if ${siteName(host)} !{ http_auth(${users}) }`,
    `http-request del-header Authorization if ${siteName(host)}`,
  ];
}

/** Fields of all answers of a site, also of those that HAProxy itself gives. */
export function answerLines({ host, content, tls }: SitePlan): string[] {
  const here = siteName(host);
  const hsts = tls?.hstsSeconds
    ? [
        `http-after-response set-header Strict-Transport-Security max-age=${tls.hstsSeconds} if ${here} { ssl_fc }`,
      ]
    : [];
  if (!content) return hsts;
  const { set, fallback, remove } = content.headers;
  const said = new Set([...remove, ...Object.keys(set)].map((name) => name.toLowerCase()));
  return [
    ...remove.map((name) => `http-after-response del-header ${word(name)} if ${here}`),
    ...Object.entries(set).map(
      ([name, value]) => `http-after-response set-header ${word(name)} ${word(plain(value))} if ${here}`,
    ),
    ...Object.entries(fallback)
      .filter(([name]) => !said.has(name.toLowerCase()))
      .map(
        ([name, value]) =>
          `http-after-response set-header ${word(name)} ${word(plain(value))} if ${here} !{ ${word(`res.hdr(${name})`)} -m found }`,
      ),
    ...(content.requestId ? [`http-after-response set-header X-Request-Id %[var(txn.id)] if ${here}`] : []),
    ...hsts,
  ];
}
