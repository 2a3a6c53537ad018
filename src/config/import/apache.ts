/** `hold import apache site.conf`: simple proxy sites of Apache as sites. What cannot be said becomes a note. */
import type { HoldfastConfig, SiteConfig } from '../config-types.ts';
import {
  type ApacheSite,
  apacheSite,
  balancerName,
  type Host,
  type Pass,
  parametersOf,
  said,
} from './apache-site.ts';
import { readFrontFile } from './front-disk.ts';
import { FrontNotes, noRoutes } from './front-notes.ts';
import {
  type DraftSite,
  destinationOf,
  draftSite,
  importedSites,
  redirectStatus,
  routePath,
  siteHost,
} from './front-site.ts';
import type { FrontDirective, FrontTree } from './front-tree.ts';
import { durationText, type Imported, type ImportPlace } from './imported.ts';

/** @throws HoldfastError IMPORT_INVALID, CONFIG_NOT_FOUND or CONFIG_UNREADABLE */
export async function importApache(file: string, { cwd }: ImportPlace): Promise<Imported> {
  const imported = sitesOfApache(readFrontFile('apache', file, cwd));
  if (Object.keys(imported.config.sites ?? {}).length === 0)
    throw noRoutes(file, '<VirtualHost …> with ProxyPass', imported.notes);
  return imported;
}

/** Pure: the same for a tree that a test has made. */
export function sitesOfApache(tree: FrontTree): Imported {
  const notes = new FrontNotes();
  for (const problem of tree.problems) notes.add(problem, problem.text);
  const site = apacheSite(tree);
  const drafts = site.allHosts.flatMap((host) =>
    hostsOf(host, notes).map((name) => {
      const draft = draftSite(name);
      for (const pass of host.passes) route(draft, pass, site, notes);
      fill(draft, host, notes);
      return draft;
    }),
  );
  const useful = drafts.filter(
    ({ routes, redirects, settings }) => routes.size > 0 || redirects.size > 0 || settings.tls,
  );
  const listen = listenOf(site);
  return importedSites(useful, listen ? { listen } : {}, notes.texts);
}

function hostsOf(host: Host, notes: FrontNotes): string[] {
  if (!host.block) return host.passes.length > 0 ? ['*'] : [];
  const names = host.own
    .filter(({ name }) => name === 'servername' || name === 'serveralias')
    .flatMap(({ args }) => args.map((arg) => arg.replace(/^https?:\/\//, '').replace(/:\d+$/, '')));
  if (names.length === 0) return ['*'];
  const hosts = names.flatMap((name) => {
    const found = siteHost(name);
    if (found === undefined && host.block) notes.add(host.block, `"${name}" is no host that a site can have`);
    return found === undefined ? [] : [found];
  });
  // A wildcard needs some ServerName beside it, which is one of its own.
  const wild = hosts.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  return [
    ...new Set(hosts.filter((name) => name.startsWith('*') || !wild.some((end) => name.endsWith(end)))),
  ];
}

function route(draft: DraftSite, pass: Pass, site: ApacheSite, notes: FrontNotes): void {
  const { at, by, path, url } = pass;
  if (url === '!') return;
  if (by === 'RewriteRule') {
    // WebSockets have no rule of their own here, they go where the other requests go.
    if (pass.conditions.some(({ args }) => /HTTP:Upgrade|transport=websocket/i.test(args.join(' ')))) return;
    notes.add(at, `the RewriteRule for "${path}" is left out: routes have paths, not patterns`);
    return;
  }
  const prefix = at.name === 'proxypass' ? routePath(path) : undefined;
  const [, scheme = '', to = '', rest = ''] = /^(\w+):\/\/([^/]*)(.*)$/s.exec(url) ?? [];
  const socket = /^unix:([^|]+)\|/.exec(url)?.[1];
  if (prefix === undefined || (!socket && !/^(?:https?|wss?|balancer)$/.test(scheme))) {
    const what =
      prefix === undefined
        ? `"${path}" is left out: it is no path`
        : `"${url}" is left out: it is no address`;
    notes.add(at, `${what} that a route can have`);
    return;
  }
  if (!socket && rest.replace(/\/$/, '') !== path.replace(/\/$/, ''))
    notes.add(
      at,
      `the app got "${rest}…" for "${path}…"; here it gets the path as it came, so it must know that path`,
    );
  const one = socket ? `unix:${socket}` : `${scheme.replace(/^ws/, 'http')}://${to}`;
  const addresses = scheme === 'balancer' ? members(site, url) : [one];
  if (addresses.length === 0) {
    notes.add(at, `"${url}" has no members`);
    return;
  }
  // What ws:// and http:// say of one path is one route here; of both the first counts.
  if (!draft.routes.has(prefix)) draft.routes.set(prefix, destinationOf(addresses));
}

function members({ balancers }: ApacheSite, url: string): string[] {
  const balancer = balancers.find(({ name }) => name === balancerName(url));
  return (balancer?.members ?? [])
    .filter(({ args }) => !/[DHS]/.test(parametersOf(args).get('status') ?? ''))
    .map(({ args }) => (args[0] ?? '').replace(/^ws/, 'http').replace(/(?<=:\/\/[^/]+)\/.*$/, ''));
}

function fill(draft: DraftSite, host: Host, notes: FrontNotes): void {
  const { own } = host;
  const [cert, key] = [
    said(host, 'sslcertificatefile')?.args[0],
    said(host, 'sslcertificatekeyfile')?.args[0],
  ];
  const chain = said(host, 'sslcertificatechainfile')?.args[0];
  const size = Number(said(host, 'limitrequestbody')?.args[0] ?? Number.NaN);
  const deflate = own.some(
    ({ name, args }) => /^(?:add|set)outputfilter/.test(name) && /DEFLATE|BROTLI/i.test(args.join(' ')),
  );
  const settings: SiteConfig = {
    ...(cert === undefined && isManaged(draft.host, host) && { tls: 'auto' }),
    ...(cert !== undefined && { tls: { cert, key: key ?? cert, ...(chain !== undefined && { ca: chain }) } }),
    ...(Number.isInteger(size) && size > 0 && { limits: { body: `${size}B` } }),
    ...(deflate && { compress: true }),
  };
  draft.settings = settings;
  if (cert?.startsWith('/etc/letsencrypt/'))
    notes.say(
      `${draft.host}: with tls: 'auto' the certificate comes by itself, and certbot is not needed for it`,
    );
  for (const line of own) {
    if (line.name === 'redirect' || line.name === 'redirectpermanent') redirect(draft, line);
    else if (line.name === 'header') header(draft, line, notes);
    else if (line.name === 'authtype' || line.body?.some(({ name }) => name === 'authtype'))
      notes.add(
        line,
        'the site asks for a password: say it as `auth`, with what `hold hash-password` prints',
      );
    else if (line.name === 'rewriterule' && !/\bP\b/.test(line.args[2] ?? '')) rewrite(line, notes);
    else if (line.name === 'errordocument')
      notes.add(
        line,
        'it has pages of its own for errors: say them as `errorPages`, with the paths of the files',
      );
  }
}

/** mod_md gets its certificate, as Holdfast does. */
function isManaged(name: string, { shared }: Host): boolean {
  return shared.some(
    (line) => /^(?:mdomain|mdomainsetsection|mdmembers)$/.test(line.name) && line.args.includes(name),
  );
}

/** `Redirect [status] from to`; what is below is moved, too. */
function redirect(draft: DraftSite, { name, args }: FrontDirective): void {
  const words: Readonly<Record<string, string>> = { permanent: '301', temp: '302', seeother: '303' };
  const hasStatus = name === 'redirect' && args.length > 2;
  const [code = '302', from = '', to = ''] = hasStatus
    ? args
    : [name === 'redirect' ? '302' : '301', ...args];
  const status = redirectStatus(words[code] ?? code);
  if (status === undefined || routePath(from) === undefined) return;
  // The site with `tls` does that anyway.
  if (from === '/' && to.replace(/\/$/, '') === `https://${draft.host}`) return;
  draft.redirects.set(`${from.replace(/\/$/, '')}/*`, { to: `${to.replace(/\/$/, '')}/*`, status });
}

function rewrite(line: FrontDirective, notes: FrontNotes): void {
  const [from = '', to = ''] = line.args;
  const isHttps = /^https:\/\/%\{(?:HTTP_HOST|SERVER_NAME)\}/.test(to);
  if (!isHttps && to !== '-')
    notes.add(line, `the RewriteRule for "${from}" is left out: say it as \`redirects\` or \`rewrites\``);
}

function header(draft: DraftSite, line: FrontDirective, notes: FrontNotes): void {
  const args = line.args[0]?.toLowerCase() === 'always' ? line.args.slice(1) : line.args;
  const [action = '', name = '', value = '', ...more] = args;
  const seconds = /^max-age=(\d+)/.exec(value)?.[1];
  if (action.toLowerCase() === 'unset') draft.headers.set(name, draft.headers.get(name) ?? false);
  else if (name.toLowerCase() === 'strict-transport-security' && seconds !== undefined)
    draft.settings = { ...draft.settings, hsts: durationText(Number(seconds) * 1000) };
  else if (!/^set$/i.test(action) || more.length > 0 || value.includes('%') || value === '')
    notes.add(line, `the header "${name}" is left out: it is not the same for all answers`);
  else draft.headers.set(name, value);
}

/** Ports other than the usual ones. */
function listenOf({ allHosts }: ApacheSite): HoldfastConfig['listen'] {
  const port = (isTls: boolean) => {
    const hosts = allHosts.filter(
      (host) => (said(host, 'sslengine')?.args[0]?.toLowerCase() === 'on') === isTls,
    );
    const ports = hosts
      .flatMap(({ block }) => block?.args ?? [])
      .map((arg) => Number(/:(\d+)$/.exec(arg)?.[1]));
    return ports.find((one) => one > 0);
  };
  const [http, https] = [port(false), port(true)];
  const listen = {
    ...(http !== undefined && http !== 80 && { http }),
    ...(https !== undefined && https !== 443 && { https }),
  };
  return Object.keys(listen).length > 0 ? listen : undefined;
}
