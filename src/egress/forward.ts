/** Requests with the whole URL in them (absolute-form, RFC 9112 section 3.2.2): each is written anew, on a connection of its own. */
import http from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';
import tls from 'node:tls';
import { type Destination, parseAuthority } from './address.ts';
import { requestFields, responseFields } from './fields.ts';
import { join } from './tunnel.ts';

export interface Target extends Destination {
  /** Some clients ask a proxy for https without a tunnel; the TLS is then ours, and the certificate is checked here. */
  readonly secure: boolean;
  /** As it goes into the Host field. */
  readonly authority: string;
  /** Origin-form. */
  readonly path: string;
}

/** undefined for what is no URL that a proxy may be asked for. */
export function parseTarget(url: string): Target | undefined {
  const [, scheme = '', authority = '', rest = ''] =
    /^(https?):\/\/([^/?#@\s]+)([/?][^#\s]*)?$/i.exec(url) ?? [];
  const secure = scheme.toLowerCase() === 'https';
  const to = authority === '' ? undefined : parseAuthority(authority, secure ? 443 : 80);
  if (!to) return undefined;
  return { ...to, secure, authority, path: rest.startsWith('/') ? rest : `/${rest}` };
}

/** A server may think for this long, and pause in its answer. */
const ANSWER_IDLE_MS = 300_000;

export function forward(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  target: Target,
  upstream: Socket,
): void {
  const headers = requestFields(request.rawHeaders, target.authority);
  if (request.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
  headers.push('Connection', 'close');
  const outgoing = http.request({
    createConnection: () => secured(upstream, target),
    method: request.method ?? 'GET',
    path: target.path,
    // Node's types know only of pairs; names and values in a row keep order and repetition.
    headers: headers as unknown as http.OutgoingHttpHeaders,
    setHost: false,
  });
  const refuse = (error: Error) => {
    if (response.headersSent) response.destroy();
    else answer(response, 502, `no answer came from ${target.authority}: ${error.message}`);
  };
  upstream.setTimeout(ANSWER_IDLE_MS, () => outgoing.destroy(new Error('it was silent for too long')));
  outgoing.on('error', refuse);
  outgoing.on('response', (incoming) => {
    try {
      pass(request, incoming, response);
    } catch (error) {
      // Node reads more than it writes; a throw from here would end every tunnel of the process.
      outgoing.destroy();
      refuse(error as Error);
    }
  });
  outgoing.on('upgrade', (_incoming, socket) => {
    socket.destroy();
    refuse(new Error('it changed to another protocol unasked'));
  });
  response.on('close', () => outgoing.destroy());
  request.pipe(outgoing);
}

/** @throws for an answer that cannot be passed on */
function pass(
  request: http.IncomingMessage,
  incoming: http.IncomingMessage,
  response: http.ServerResponse,
): void {
  const { statusCode: status = 0, headers, rawHeaders } = incoming;
  if (status < 200 || status > 599) throw new Error(`there is no status "${status}"`);
  const fields = responseFields(rawHeaders);
  const isChunked = headers['content-length'] === undefined && headers['transfer-encoding'] !== undefined;
  if (isChunked && request.httpVersionMinor === 1) fields.push('Transfer-Encoding', 'chunked');
  // The server's own phrase for the status says nothing (RFC 9112 section 4), and may have any bytes in it.
  response.writeHead(status, fields);
  pipeline(incoming, response, () => undefined);
}

/** A request that wants to leave HTTP, or may: written anew, and from then on bytes are bytes. */
export function forwardUpgrade(
  request: http.IncomingMessage,
  client: Duplex,
  head: Buffer,
  target: Target,
  upstream: Socket,
): void {
  const fields = requestFields(request.rawHeaders, target.authority);
  const webSocket = /^websocket$/i.test(request.headers.upgrade ?? '');
  if (webSocket) fields.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
  else fields.push('Connection', 'close');
  if (request.headers['transfer-encoding'] !== undefined) fields.push('Transfer-Encoding', 'chunked');
  let text = `${request.method} ${target.path} HTTP/1.1\r\n`;
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  const socket = secured(upstream, target);
  socket.write(`${text}\r\n`, 'latin1');
  join(client, socket, head);
}

function secured(upstream: Socket, { secure, host }: Target): Socket {
  if (!secure) return upstream;
  const name = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  // Said, because NODE_TLS_REJECT_UNAUTHORIZED=0 of a shell is not meant for this.
  return tls.connect({
    socket: upstream,
    ...name,
    host,
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true,
  });
}

/** What the proxy itself has to say. */
export function answer(
  response: http.ServerResponse,
  status: number,
  reason: string,
  fields: Readonly<Record<string, string>> = {},
): void {
  const text = `Holdfast: ${reason}\n`;
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    ...fields,
  });
  response.end(text);
}
