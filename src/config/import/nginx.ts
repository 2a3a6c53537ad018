/** `hold import nginx site.conf`: simple proxy sites of nginx as sites. What cannot be said becomes a note. */
import type { HoldfastConfig } from '../config-types.ts';
import { readFrontFile } from './front-disk.ts';
import { FrontNotes, noRoutes } from './front-notes.ts';
import { type DraftSite, draftSite, importedSites, siteHost } from './front-site.ts';
import type { FrontDirective, FrontTree } from './front-tree.ts';
import type { Imported, ImportPlace } from './imported.ts';
import { fillLocations } from './nginx-locations.ts';
import { fillServer, poolsOf } from './nginx-settings.ts';

/** @throws HoldfastError IMPORT_INVALID, CONFIG_NOT_FOUND or CONFIG_UNREADABLE */
export async function importNginx(file: string, { cwd }: ImportPlace): Promise<Imported> {
  const imported = sitesOfNginx(readFrontFile('nginx', file, cwd));
  if (Object.keys(imported.config.sites ?? {}).length === 0)
    throw noRoutes(file, 'server { … proxy_pass … }', imported.notes);
  return imported;
}

/** Pure: the same for a tree that a test has made. */
export function sitesOfNginx({ directives, problems }: FrontTree): Imported {
  const http = directives.flatMap((one) => (one.name === 'http' && one.body ? one.body : [one]));
  const notes = new FrontNotes();
  for (const problem of problems) notes.add(problem, problem.text);
  const pools = poolsOf(http);
  const servers = http.filter(({ name, body }) => name === 'server' && body);
  const drafts = servers.flatMap((server) =>
    hostsOf(server, notes).map((host) => {
      const draft = draftSite(host);
      fillServer(draft, server, http, notes);
      fillLocations(draft, server.body ?? [], pools, notes);
      return draft;
    }),
  );
  const listen = listenOf(servers, notes);
  const trust = [...new Set(all(directives, 'set_real_ip_from').map(({ args }) => args[0] ?? ''))];
  const rest: HoldfastConfig = {
    ...(listen && { listen }),
    ...(trust.length > 0 && { edge: { trust } }),
  };
  return importedSites(drafts.filter(hasContent), rest, notes.texts);
}

function hasContent({ routes, redirects, settings }: DraftSite): boolean {
  return routes.size > 0 || redirects.size > 0 || settings.tls !== undefined;
}

function hostsOf(server: FrontDirective, notes: FrontNotes): string[] {
  const names = (server.body ?? []).filter(({ name }) => name === 'server_name').flatMap(({ args }) => args);
  const isDefault = (server.body ?? []).some(
    ({ name, args }) => name === 'listen' && args.includes('default_server'),
  );
  if (names.length === 0) return ['*'];
  const hosts = names.flatMap((name) => {
    const host = siteHost(name);
    if (host === undefined) notes.add(server, `server_name "${name}" is no host that a site can have`);
    return host === undefined ? [] : [host];
  });
  if (isDefault && !hosts.includes('*'))
    notes.add(server, 'it also serves all hosts that no other server names: here the site "*" does that');
  return [...new Set(hosts)];
}

/** Ports other than the usual ones; of several only the first. */
function listenOf(servers: readonly FrontDirective[], notes: FrontNotes): HoldfastConfig['listen'] {
  const lines = servers.flatMap(({ body }) => (body ?? []).filter(({ name }) => name === 'listen'));
  const places = (isTls: boolean) => {
    const some = lines.filter(({ args }) => args.includes('ssl') === isTls && !args[0]?.startsWith('unix:'));
    // `[::]:80` beside `80` is the same port.
    return [...new Set(some.map(({ args }) => placeOf(args[0] ?? '', isTls).replace(/^\[::\]:/, '')))];
  };
  const [http, ...more] = places(false);
  const [https, ...others] = places(true);
  for (const place of [...more, ...others])
    notes.say(`it also listens at ${place}: Holdfast listens at one place for http and one for https`);
  const listen = {
    ...(http !== undefined && http !== '80' && { http: portOrPlace(http) }),
    ...(https !== undefined && https !== '443' && { https: portOrPlace(https) }),
  };
  return Object.keys(listen).length > 0 ? listen : undefined;
}

function placeOf(text: string, isTls: boolean): string {
  if (/^\d+$/.test(text)) return text;
  if (/:\d+$/.test(text)) return text.replace(/^(?:\*|0\.0\.0\.0):/, '');
  return `${text}:${isTls ? 443 : 80}`;
}

function portOrPlace(place: string): number | string {
  return /^\d+$/.test(place) ? Number(place) : place;
}

function all(directives: readonly FrontDirective[], name: string): FrontDirective[] {
  return directives.flatMap((one) => [...(one.name === name ? [one] : []), ...all(one.body ?? [], name)]);
}
