/** Small clients: one request over TCP or a unix socket, raw bytes when the head matters. */
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request; `agent: false` unless given, so the connection closes after it. */
export function ask(options: RequestOptions & { tls?: boolean; body?: string }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { tls, body, ...rest } = options;
    const send = tls ? httpsRequest : httpRequest;
    const request = send({ agent: false, path: '/', ...(tls && { rejectUnauthorized: false }), ...rest });
    request.setTimeout(15_000, () => request.destroy(new Error('No answer for 15 s')));
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    request.end(body);
  });
}

/** What the edge says of a client, as the header that it puts first. */
export function asClient(ip = '203.0.113.7', port = 51234, scheme: 'http' | 'https' = 'https') {
  return { 'X-Holdfast-Client': `${ip} ${port} ${scheme}`, Host: 'example.com' };
}

/** Sends bytes, and resolves with everything that comes back until the other side ends. */
export function exchange(
  to: { path: string } | { port: number; host?: string },
  bytes: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', ...to }, () => socket.write(bytes));
    let text = '';
    socket.setTimeout(15_000, () => socket.destroy(new Error('No end for 15 s')));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}
