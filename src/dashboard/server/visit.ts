/** One request: where it came in, what it may be for, and who it is from. */
import type http from 'node:http';
import { HoldfastError } from '../../errors.ts';
import type { DashboardSettings } from '../../protocol/dashboard-settings.ts';
import type { CookiePlace } from './cookies.ts';
import { hostName, isOwnName, mountOf } from './hosts.ts';

/** own: the address on this machine. edge: what the edge, or a server in its place, passes on. */
export type Entry = { readonly kind: 'own'; readonly port: number } | { readonly kind: 'edge' };

export interface Visit {
  readonly place: CookiePlace;
  /** Below the mount, without a slash at its beginning: `api/live`, or empty; null: the mount without its slash. */
  readonly path: string | null;
  readonly fields: URLSearchParams;
  readonly address: string;
}

/** Null: it names nothing that we are served as. */
export function visitOf(
  request: http.IncomingMessage,
  entry: Entry,
  { listen, mounts }: Pick<DashboardSettings, 'listen' | 'mounts'>,
): Visit | null {
  const name = hostName(request.headers.host);
  const [path = '/', query = ''] = splitOnce(request.url ?? '/');
  if (
    !path.startsWith('/') ||
    request.rawHeaders.filter((field, i) => i % 2 === 0 && /^host$/i.test(field)).length !== 1
  )
    return null;
  const fields = new URLSearchParams(query);
  const remote = request.socket.remoteAddress ?? 'unknown';
  if (entry.kind === 'own') {
    if (!isOwnName(name, listen)) return null;
    return {
      // The port that the browser sees: tunnels to several machines end at several, and cookies know none.
      place: { prefix: '/', https: false, port: portOf(request.headers.host) ?? entry.port },
      path: path.slice(1),
      fields,
      address: remote,
    };
  }
  const mount = mountOf(name, path, mounts);
  if (!mount) return null;
  // The edge says these itself, and believes nobody but those whom the configuration trusts.
  const https = mount.tls || last(request.headers['x-forwarded-proto']) === 'https';
  const address = last(request.headers['x-forwarded-for']) ?? remote;
  const below =
    mount.prefix === '/' ? path.slice(1) : path === mount.prefix ? null : path.slice(mount.prefix.length + 1);
  return { place: { prefix: mount.prefix, https, port: null }, path: below, fields, address };
}

function portOf(host: string | undefined): number | null {
  const digits = /:(\d{1,5})$/.exec(host ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

function splitOnce(url: string): string[] {
  const at = url.indexOf('?');
  return at < 0 ? [url] : [url.slice(0, at), url.slice(at + 1)];
}

function last(field: string | string[] | undefined): string | undefined {
  return (Array.isArray(field) ? field.at(-1) : field)?.split(',').at(-1)?.trim();
}

const MOST_BODY = 64 * 1024;

/** @throws HoldfastError BAD_REQUEST */
export async function readBody(request: http.IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new HoldfastError('BAD_REQUEST', 'A request with a body must be application/json');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BODY) throw new HoldfastError('BAD_REQUEST', 'The request is too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new HoldfastError('BAD_REQUEST', 'The request is not JSON');
  }
}
