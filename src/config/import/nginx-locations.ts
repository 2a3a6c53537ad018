/** The locations of a server of nginx, as routes and redirects. */
import type { SiteConfig } from '../config-types.ts';
import type { FrontNotes } from './front-notes.ts';
import {
  type DraftSite,
  destinationOf,
  type Pools,
  redirectStatus,
  routePath,
  sizeText,
} from './front-site.ts';
import type { FrontDirective } from './front-tree.ts';
import { tellSetting } from './nginx-settings.ts';

type Route = NonNullable<SiteConfig['routes']>[string];

export function fillLocations(
  draft: DraftSite,
  server: readonly FrontDirective[],
  pools: Pools,
  notes: FrontNotes,
): void {
  const back = server.find(({ name }) => name === 'return');
  if (back) {
    moved(draft, back, '/', true, notes);
    return;
  }
  const root = server.find(({ name }) => name === 'root')?.args[0];
  const locations = server.filter(({ name, body }) => name === 'location' && body);
  for (const location of locations) {
    const { kind, path } = headOf(location);
    if (kind === '@' || isChallenge(path)) continue;
    if (kind === '~') {
      notes.add(
        location,
        `"location ${location.args.join(' ')}" is left out: routes have paths, not patterns`,
      );
      continue;
    }
    const body = location.body ?? [];
    const elsewhere = body.find(({ name }) => name === 'return');
    if (elsewhere) {
      moved(draft, elsewhere, path, kind !== '=', notes);
      continue;
    }
    const route = routeOf(location, locations, root, pools, notes);
    const prefix = routePath(path);
    if (route === undefined) continue;
    if (prefix === undefined) {
      notes.add(location, `"${path}" is left out: it is no path that a route can have`);
      continue;
    }
    const isTwin = locations.some((other) => other !== location && headOf(other).path === `${path}/`);
    if (kind === '=' && isTwin) continue;
    if (kind === '=') notes.add(location, `the route "${path}" is also for what is below it`);
    draft.routes.set(prefix, route);
    for (const line of body) tellSetting(line, notes);
  }
  if (locations.length === 0 && root !== undefined) draft.routes.set('/', filesOf(root, '/', server));
}

function headOf({ args }: FrontDirective): { kind: '' | '=' | '~' | '@'; path: string } {
  const whole = args.join(' ');
  const [, mark = '', path = ''] = /^(=|\^~|~\*?)?\s*(.*)$/s.exec(whole) ?? [];
  if (path.startsWith('@')) return { kind: '@', path };
  return { kind: mark.startsWith('~') ? '~' : mark === '=' ? '=' : '', path };
}

function isChallenge(path: string): boolean {
  return path.startsWith('/.well-known/acme-challenge');
}

function routeOf(
  location: FrontDirective,
  others: readonly FrontDirective[],
  root: string | undefined,
  pools: Pools,
  notes: FrontNotes,
): Route | undefined {
  const body = location.body ?? [];
  const one = (name: string) => body.find((line) => line.name === name);
  const named = one('try_files')?.args.at(-1);
  const behind = named?.startsWith('@') ? others.find((other) => headOf(other).path === named) : undefined;
  const pass = one('proxy_pass') ?? behind?.body?.find(({ name }) => name === 'proxy_pass');
  if (pass && behind)
    notes.add(
      location,
      'files that exist were answered by nginx itself: give them a route of their own, { files }',
    );
  if (pass) return passedOn(pass, location, one('client_max_body_size'), pools, notes);
  const { path } = headOf(location);
  const alias = one('alias')?.args[0];
  const own = one('root')?.args[0] ?? root;
  if (alias !== undefined) return filesOf(alias, path, body);
  if (own !== undefined) return filesOf(own + path, path, body);
  notes.add(location, `"location ${path}" is left out: it passes nothing on`);
  return undefined;
}

function passedOn(
  pass: FrontDirective,
  location: FrontDirective,
  size: FrontDirective | undefined,
  pools: Pools,
  notes: FrontNotes,
): Route | undefined {
  const [, scheme, to = '', uri = ''] =
    /^(https?):\/\/(unix:[^:]+|[^/]*):?(.*)$/s.exec(pass.args[0] ?? '') ?? [];
  if (scheme === undefined || to.includes('$')) {
    notes.add(pass, `"${pass.args[0] ?? ''}" is left out: it holds a variable`);
    return undefined;
  }
  const { path } = headOf(location);
  if (uri !== '' && uri !== path)
    notes.add(
      pass,
      `the app got "${uri}…" for "${path}…"; here it gets the path as it came, so it must know that path`,
    );
  const addresses = (pools.get(to) ?? [to]).map((address) =>
    address.startsWith('unix:') ? address : `${scheme}://${address}`,
  );
  if (addresses.length === 0) {
    notes.add(pass, `"${to}" has no servers`);
    return undefined;
  }
  const destination = destinationOf(addresses);
  const body = size === undefined ? undefined : sizeText(size.args[0] ?? '');
  return body === undefined ? destination : { to: destination, body };
}

function filesOf(dir: string, path: string, body: readonly FrontDirective[]): Route {
  const index = body.find(({ name }) => name === 'index')?.args.find((file) => /\.html?$/.test(file));
  const last = body.find(({ name }) => name === 'try_files')?.args.at(-1) ?? '';
  return {
    files: dir.replace(/(?<=.)\/+$/, ''),
    ...(index !== undefined && index !== 'index.html' && { index }),
    ...(last.endsWith(`/${index ?? 'index.html'}`) && path !== last && { spa: true }),
  };
}

/** `return 301 …`. What sends everybody to https is what a site with `tls` does anyway. */
function moved(
  draft: DraftSite,
  line: FrontDirective,
  path: string,
  below: boolean,
  notes: FrontNotes,
): void {
  const [code = '', given] = line.args;
  const isBare = /^\d+$/.test(code) && given === undefined;
  const status = isBare ? undefined : redirectStatus(given === undefined ? '302' : code);
  const target = given ?? code;
  if (
    /^https:\/\/(?:\$host|\$server_name|\$http_host|[^/$]+)(?::\d+)?\$request_uri$/.test(target) &&
    isHere(target, draft.host)
  )
    return;
  if (status === undefined) {
    if (!/^(?:404|444)$/.test(code) || path !== '/')
      notes.add(line, `"return ${line.args.join(' ')}" is left out`);
    return;
  }
  const plain = target.replace(/\$is_args\$(?:args|query_string)$/, '');
  if (plain === `${path}/`) return;
  const whole = plain.replace(/\$(?:request_uri|uri)$/, '');
  if (!/^(?:\/|https?:\/\/)[^$]*$/.test(whole)) {
    notes.add(line, `"return ${line.args.join(' ')}" is left out: it is no fixed address`);
    return;
  }
  const isWhole = whole !== plain;
  const from = below && (isWhole || path === '/') ? `${path.replace(/\/$/, '')}/*` : path;
  const to = isWhole ? `${whole}${path.replace(/\/$/, '')}/*` : whole;
  draft.redirects.set(from, { to, status });
}

function isHere(target: string, host: string): boolean {
  const named = /^https:\/\/([^/$:]+)/.exec(target)?.[1];
  return named === undefined || named === host;
}
