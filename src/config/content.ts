/** Completes what a site does with its content: files are there, rules in the order in which they are looked at. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { PathRule, RedirectRule, SiteContent } from '../protocol/site-content.ts';
import { canonicalPrefix } from './addresses.ts';
import { noContent } from './content-defaults.ts';
import { isBelow } from './content-schema.ts';
import type { RoutePlan } from './plan.ts';
import type { Problem } from './problems.ts';
import { show } from './show.ts';
import type { SiteSettings } from './site-schema.ts';

/** As Helmet has them, without a content policy: what that must say only the app knows. */
const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'SAMEORIGIN',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
  'Cross-Origin-Opener-Policy': 'same-origin-allow-popups',
  'X-Permitted-Cross-Domain-Policies': 'none',
};

/**
 * @param root absolute; paths in the file are relative to it
 * @returns null when there is nothing to do but to pass requests on
 */
export function completeContent(
  site: SiteSettings,
  path: readonly string[],
  problems: Problem[],
  root: string,
): SiteContent | null {
  const page = (file: string, at: readonly string[]): string => {
    const full = resolve(root, file);
    if (!isThere(full, 'file'))
      problems.push({ path: [...path, ...at], text: `must be a file: there is none at ${show(full)}` });
    return full;
  };
  const { compress, auth, allow, deny, maintenance, requestId, security } = site;
  if (auth && Object.keys(auth.users).length === 0)
    problems.push({ path: [...path, 'auth', 'users'], text: 'must name at least one user' });
  const content: SiteContent = {
    compress,
    headers: headersOf(site.headers, security),
    redirects: withoutCircles(
      Object.entries(site.redirects).map(([from, target]) => {
        const { to, status } = typeof target === 'string' ? { to: target, status: 307 as const } : target;
        return { ...pathRule(from, to, [...path, 'redirects', from], problems), status };
      }),
      [...path, 'redirects'],
      problems,
    ),
    rewrites: sorted(
      Object.entries(site.rewrites).map(([from, to]) =>
        pathRule(from, to, [...path, 'rewrites', from], problems),
      ),
    ),
    auth: auth ? { realm: auth.realm, users: auth.users } : null,
    allow,
    deny,
    maintenance: closed(maintenance, (file) => page(file, ['maintenance', 'page'])),
    errorPages: Object.fromEntries(
      Object.entries(site.errorPages).map(([status, file]) => [status, page(file, ['errorPages', status])]),
    ),
    requestId,
  };
  return isDeepStrictEqual(content, noContent) ? null : content;
}

/** A route to files, with its directory as an absolute path. */
export function completeFiles(
  to: Extract<SiteSettings['routes'][string], { kind: 'files' }>,
  path: readonly string[],
  problems: Problem[],
  root: string,
): RoutePlan['to'] {
  const { index, spa, cacheControl } = to;
  const dir = resolve(root, to.files);
  if (!isThere(dir, 'directory'))
    problems.push({ path: [...path, 'files'], text: `must be a directory: there is none at ${show(dir)}` });
  else if (dir === '/')
    problems.push({
      path: [...path, 'files'],
      text: 'must not be the root of the machine: everything would be served',
    });
  if (spa && index === false)
    problems.push({ path: [...path, 'spa'], text: 'needs an index: that is what is served' });
  return { kind: 'files', files: { root: dir, index: index === false ? null : index, spa, cacheControl } };
}

function isThere(path: string, what: 'file' | 'directory'): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return (what === 'file' ? stats?.isFile() : stats?.isDirectory()) ?? false;
}

function closed(
  maintenance: SiteSettings['maintenance'],
  page: (file: string) => string,
): SiteContent['maintenance'] {
  if (typeof maintenance === 'boolean') return maintenance ? { page: null, allow: [] } : null;
  return { page: maintenance.page === undefined ? null : page(maintenance.page), allow: maintenance.allow };
}

function headersOf(given: SiteSettings['headers'], security: boolean): SiteContent['headers'] {
  const entries = Object.entries(given);
  const set = entries.filter((entry): entry is [string, string] => entry[1] !== false);
  const removed = entries.filter(([, value]) => value === false).map(([name]) => name);
  return {
    set: Object.fromEntries(set),
    fallback: security ? securityHeaders : {},
    remove: security ? [...removed, 'X-Powered-By'] : removed,
  };
}

function pathRule(from: string, to: string, path: readonly string[], problems: Problem[]): PathRule {
  const [below, toBelow] = [isBelow(from), isBelow(to)];
  if (toBelow && !below)
    problems.push({ path, text: `must end in "/*", as what it leads to does: ${show(to)}` });
  if (!below && from.endsWith('*'))
    problems.push({ path, text: 'must end in "/*" to stand for all below it: "*" alone is no pattern' });
  const canonical = canonicalPrefix(bare(from));
  const rule = { from: String(canonical), below, to: bare(to), toBelow };
  if (!to.startsWith('/')) return rule;
  // A path as people write it, with `ä` in it, say.
  const [, place = '', rest = ''] = /^([^?#]*)(.*)$/.exec(rule.to) ?? [];
  const target = canonicalPrefix(place);
  if (typeof target !== 'string') problems.push({ path, text: target.text });
  return { ...rule, to: String(target) + rest };
}

/** In the order in which they are looked at. A client that goes where a rule leads must not meet it again. */
function withoutCircles(
  rules: readonly RedirectRule[],
  path: readonly string[],
  problems: Problem[],
): RedirectRule[] {
  const all = sorted(rules);
  for (const rule of all) {
    const [target = ''] = rule.to.split(/[?#]/, 1);
    if (all.find((each) => isFor(each, target)) !== rule) continue;
    const from = rule.from + (rule.below ? '*' : '');
    problems.push({ path: [...path, from], text: 'leads to itself: a browser would go round in circles' });
  }
  return all;
}

function isFor({ from, below }: PathRule, target: string): boolean {
  return target === from || (below && (target.startsWith(from) || `${target}/` === from));
}

/** Without the star. */
function bare(path: string): string {
  return isBelow(path) ? path.slice(0, -1) : path;
}

/** What is said of one path goes before what is said of all below one, and the longer before the shorter. */
function sorted<R extends PathRule>(rules: readonly R[]): R[] {
  return [...rules].sort((a, b) => Number(a.below) - Number(b.below) || b.from.length - a.from.length);
}
