/** The HTTP parser of Node as an oracle: what do these bytes mean to an ordinary app? */
import { once } from 'node:events';
import http from 'node:http';
import { Duplex } from 'node:stream';

/** A connection without a network: what is written to it is kept, what it reads is given. */
class Pipe extends Duplex {
  written = '';

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString('latin1');
    done();
  }
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly keepAlive: boolean;
}

export interface Reading {
  readonly requests: readonly SeenRequest[];
  /** Why the parser gave up, if it did. */
  readonly error: string | undefined;
}

/** Gives bytes (latin1), in one piece, to an HTTP server of Node, and then the end. */
export async function readRequests(bytes: string): Promise<Reading> {
  const requests: SeenRequest[] = [];
  let error: string | undefined;
  const reading: Promise<void>[] = [];
  const server = http.createServer((request, response) => {
    const { method = '', url = '', rawHeaders } = request;
    let body = '';
    request.setEncoding('latin1').on('data', (text) => {
      body += text;
    });
    const seen = once(request, 'end').then(() => {
      requests.push({ method, url, fields: pairs(rawHeaders), body, keepAlive: response.shouldKeepAlive });
      response.end();
    });
    reading.push(seen.catch(() => {}));
  });
  server.on('clientError', (cause: NodeJS.ErrnoException, socket) => {
    error ??= cause.code ?? cause.message;
    socket.destroy();
  });
  const pipe = new Pipe();
  server.emit('connection', pipe);
  pipe.push(Buffer.from(bytes, 'latin1'));
  await settle();
  await settle();
  pipe.push(null);
  await settle();
  pipe.destroy();
  await Promise.all(reading);
  return { requests, error };
}

export interface SeenAnswer {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly complete: boolean;
}

/** Gives bytes (latin1) to an HTTP client of Node as the answer to a request, and then the end. */
export async function readAnswer(bytes: string, method: string): Promise<SeenAnswer | string> {
  const pipe = new Pipe();
  const request = http.request({ method, createConnection: () => pipe as never });
  const outcome = new Promise<SeenAnswer | string>((resolve) => {
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('latin1').on('data', (text) => {
        body += text;
      });
      response.on('error', () => {});
      response.on('close', () => {
        const { statusCode: status = 0, statusMessage: reason = '', rawHeaders, complete } = response;
        resolve({ status, reason, fields: pairs(rawHeaders), body, complete });
      });
    });
  });
  request.end();
  await settle();
  pipe.push(Buffer.from(bytes, 'latin1'));
  await settle();
  pipe.push(null);
  const answer = await outcome;
  pipe.destroy();
  return answer;
}

function pairs(raw: readonly string[]): (readonly [string, string])[] {
  const result: (readonly [string, string])[] = [];
  for (let i = 0; i < raw.length; i += 2) result.push([raw[i] as string, raw[i + 1] as string]);
  return result;
}

/** Lets streams and parsers do what they have to do; nothing here waits for the outside. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
