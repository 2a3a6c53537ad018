/** Completes the routes of a site: what they lead to is there, and what is said of them has a meaning. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isSystemError } from '../errors.ts';
import { readChain } from '../kit/certificate.ts';
import { canonicalPrefix } from './addresses.ts';
import { completeFiles } from './content.ts';
import type { ServerAddress, WrittenDestination } from './destination.ts';
import { completeLoad } from './load-schema.ts';
import type { Destination, RoutePlan } from './plan.ts';
import type { Problem } from './problems.ts';
import type { RouteRules, RouteSettings, WrittenSplit } from './route-schema.ts';
import { show } from './show.ts';
import { didYouMean } from './suggest.ts';
import { reasonOf } from './system-error.ts';
import { destinationDefaults, routeDefaults } from './traffic-defaults.ts';

export interface RouteSurroundings {
  /** The names of all apps of the file, also of those that are not in order. */
  readonly apps: readonly string[];
  readonly problems: Problem[];
  /** Absolute; paths in the file are relative to it. */
  readonly root: string;
  /** Whether the site keeps answers. */
  readonly hasCache: boolean;
}

type Path = readonly string[];

/** `DASHBOARD_NAME` of the protocol. */
const DASHBOARD_TARGET = '@dashboard';

export function completeRoutes(
  routes: Readonly<Record<string, RouteSettings>>,
  path: Path,
  around: RouteSurroundings,
): RoutePlan[] {
  const { problems, root } = around;
  const seen = new Map<string, string>();
  const done: RoutePlan[] = [];
  for (const [written, route] of Object.entries(routes)) {
    const here = [...path, written];
    const prefix = canonicalPrefix(written);
    if (typeof prefix !== 'string') continue;
    // With and without the slash at its end, a prefix covers the same.
    const bare = prefix.length > 1 ? prefix.replace(/\/$/, '') : prefix;
    const other = seen.get(bare);
    if (other !== undefined)
      problems.push({ path: here, text: `matches the same path as ${show(other)}: keep one of them` });
    seen.set(bare, written);
    if (route.kind === 'files')
      done.push({ ...routeDefaults, prefix, to: completeFiles(route, here, problems, root) });
    else done.push({ prefix, ...completeRules(route, here, around) });
  }
  return done;
}

function completeRules(route: RouteRules, path: Path, around: RouteSurroundings): Omit<RoutePlan, 'prefix'> {
  const { to, mirror, cache = null, sticky } = route;
  const { problems } = around;
  const at = (...names: string[]) => [...path, ...names];
  const written = to.kind === 'split' ? to.parts.map((part) => part.to) : [to];
  misplaced(route, written, path, problems);
  // Where the destination itself is written.
  const target = route.isShort ? path : at('to');
  const place = (one: WrittenDestination, where: Path): Destination => {
    requireApp(one, where, around);
    return one.kind === 'app' ? one : withRules(one, route, path, around);
  };
  if (to.kind === 'split') refuseTwins(to, target, problems);
  if (sticky !== undefined && to.kind !== 'split')
    problems.push({ path: at('sticky'), text: 'is for several by weight, such as { web: 90, next: 10 }' });
  if (cache && to.kind === 'split')
    problems.push({
      path: at('cache'),
      text: 'is not for several by weight: each client is to get the answers of its own',
    });
  else if (cache && !around.hasCache)
    problems.push({ path: at('cache'), text: 'needs "cache" of the site, which says how much is kept' });
  if (mirror) requireApp(mirror.to, at('mirror'), around);
  return {
    to:
      to.kind === 'split'
        ? {
            kind: 'split',
            parts: to.parts.map((part) => ({
              to: place(part.to, [...target, part.written]),
              weight: part.weight,
            })),
            sticky: sticky ?? true,
          }
        : place(to, target),
    load: completeLoad(route),
    cache,
    mirror: mirror
      ? { to: mirror.to.kind === 'app' ? mirror.to : plainServer(mirror.to), share: mirror.share }
      : null,
  };
}

function requireApp(to: WrittenDestination, path: Path, { apps, problems }: RouteSurroundings): void {
  if (to.kind !== 'app' || apps.includes(to.app) || to.app === DASHBOARD_TARGET) return;
  const text = `must be the name of an app: there is none named ${show(to.app)}${didYouMean(to.app, apps)}`;
  problems.push({ path, text });
}

/** Written differently, as `http://a` and `http://a:80`. */
function refuseTwins({ parts }: WrittenSplit, path: Path, problems: Problem[]): void {
  const seen = new Map<string, string>();
  for (const { to, written } of parts) {
    if (to.kind === 'app') continue;
    const other = seen.get(to.url);
    if (other !== undefined)
      problems.push({ path: [...path, written], text: `is the same as ${show(other)}: keep one of them` });
    seen.set(to.url, written);
  }
}

/** What is said of servers where there is none. */
function misplaced(
  route: RouteRules,
  to: readonly WrittenDestination[],
  path: Path,
  problems: Problem[],
): void {
  const servers = to.filter((one) => one.kind === 'server');
  const app = to.find((one) => one.kind === 'app')?.app ?? '';
  const settings = [
    ['upstream', `: for an app, it is apps.${app}.upstream`],
    ['check', `: for an app, there is apps.${app}.health`],
    ['proxyProtocol', ''],
  ] as const;
  for (const [name, hint] of settings) {
    if (route[name] !== undefined && servers.length === 0)
      problems.push({ path: [...path, name], text: `is for an address such as "http://host:port"${hint}` });
  }
  for (const name of ['ca', 'serverName'] as const) {
    if (route[name] !== undefined && servers.every(({ tlsHost }) => tlsHost === null))
      problems.push({ path: [...path, name], text: 'is for an "https://" address' });
  }
}

function plainServer({ url, address, tlsHost }: ServerAddress) {
  const tls = tlsHost === null ? null : { serverName: tlsHost, ca: null };
  return { kind: 'upstream' as const, url, address, ...destinationDefaults, tls };
}

function withRules(
  server: ServerAddress,
  { ca, serverName, proxyProtocol, upstream, check }: RouteRules,
  path: Path,
  around: RouteSurroundings,
): Destination {
  const plain = plainServer(server);
  const file = ca === undefined || !plain.tls ? null : authorities(ca, [...path, 'ca'], around);
  return {
    ...plain,
    tls: plain.tls && { serverName: serverName ?? plain.tls.serverName, ca: file },
    proxyProtocol: proxyProtocol ?? null,
    rules: upstream ?? destinationDefaults.rules,
    check: check ?? null,
  };
}

/** The absolute path of a file with certificates, which is looked at. */
function authorities(written: string, path: Path, { problems, root }: RouteSurroundings): string {
  const file = resolve(root, written);
  try {
    const chain = readChain(readFileSync(file, 'utf8'));
    if (typeof chain === 'string')
      problems.push({ path, text: `${show(file)} must hold certificates (PEM)` });
  } catch (error) {
    const why = reasonOf(isSystemError(error) ? error.code : '');
    problems.push({ path, text: `cannot be read: ${show(file)}: ${why}` });
  }
  return file;
}
