/** Where requests can be sent: to an app, or to a server that something else runs. */
import { posix } from 'node:path';
import { isWholeNumber, kind, Refusal } from './kinds.ts';
import { show } from './show.ts';

/** A server as it is written, in canonical form. */
export interface ServerAddress {
  readonly kind: 'server';
  /** `http://host:port`, `https://host:port` or `unix:/path`. */
  readonly url: string;
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
  /** The host that its certificate must name; null = it is spoken to without TLS. */
  readonly tlsHost: string | null;
}

export type WrittenDestination = { readonly kind: 'app'; readonly app: string } | ServerAddress;

/** The name of an app, or an address. */
export function parseDestination(text: string): WrittenDestination | Refusal | undefined {
  if (/^unix:/i.test(text)) return unixServer(text);
  if (text.includes('://')) return server(text);
  return text === '' ? undefined : { kind: 'app', app: text };
}

/** The longest address of a socket, see unix(7). */
const LONGEST_SOCKET = 107;

function unixServer(text: string): ServerAddress | Refusal {
  const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
  if (!path.startsWith('/') || path.startsWith('//') || path.endsWith('/') || path.includes('\0'))
    return new Refusal(
      `must be "unix:" and the absolute path of a socket, such as "unix:/run/app.sock": got ${show(text)}`,
    );
  if (Buffer.byteLength(path) > LONGEST_SOCKET)
    return new Refusal(`must be the path of a socket of at most ${LONGEST_SOCKET} bytes: got ${show(text)}`);
  const plain = posix.normalize(path);
  return { kind: 'server', url: `unix:${plain}`, address: { path: plain }, tlsHost: null };
}

function server(text: string): ServerAddress | Refusal {
  const got = `got ${show(text)}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol;
  if (!url || (scheme !== 'http:' && scheme !== 'https:') || url.hostname === '')
    return new Refusal(`must be "http://host:port", "https://host:port" or "unix:/path": ${got}`);
  if (url.username !== '' || url.password !== '')
    return new Refusal(`must be "${scheme}//host:port" without user and password`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return new Refusal(
      `must be "${scheme}//host:port" without a path (paths are passed on as they are): ${got}`,
    );
  }
  if (!isHost(url.hostname)) return new Refusal(`must have the name of a host, or its IP address: ${got}`);
  const port = url.port === '' ? (scheme === 'http:' ? 80 : 443) : Number(url.port);
  if (!isWholeNumber(port, 1, 65535)) return new Refusal(`must have a port from 1 to 65535: ${got}`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    kind: 'server',
    url: `${scheme}//${url.hostname}:${port}`,
    address: { host, port },
    tlsHost: scheme === 'https:' ? host : null,
  };
}

/** Of a URL, which takes more characters than any resolver; with `_`, as container networks have them. */
function isHost(hostname: string): boolean {
  if (hostname.startsWith('[')) return true;
  return hostname.length <= 253 && /^(?:[a-z0-9_-]{1,63}(?:\.|$))+$/.test(hostname);
}

const facts = {
  title: 'app name, "http://host:port", "https://host:port" or "unix:/path"',
  expected: 'the name of an app, or an address such as "http://host:port"',
  json: { type: 'string', minLength: 1 },
};

export const destination = kind<string, WrittenDestination>({
  ...facts,
  read: (input) => (typeof input === 'string' ? parseDestination(input) : undefined),
});

/** The same as the key of a record, where it stays as it is written. */
export const destinationKey = kind<string>({
  ...facts,
  read(input) {
    const read = parseDestination(String(input));
    return read === undefined || read instanceof Refusal ? read : String(input);
  },
});
