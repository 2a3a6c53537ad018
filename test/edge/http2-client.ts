/** A client of HTTP/2 that says whatever a test wants, and keeps what it hears as short lines. */
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { Code, Flag, FrameType, PREFACE } from '../../src/edge/http2/codes.ts';
import { FrameReader } from '../../src/edge/http2/frame-reader.ts';
import { frameHead, number32, SETTINGS_ACK, settingsFrame } from '../../src/edge/http2/frame-writer.ts';
import { HpackDecoder } from '../../src/edge/http2/hpack/decoder.ts';
import { encodeField } from '../../src/edge/http2/hpack/encoder.ts';
import { until } from './support.ts';

export type FieldList = readonly (readonly [name: string, value: string])[];

const codeNames = new Map(
  Object.entries(Code).map(([name, code]) => [code as number, name.replace(/[A-Z]/g, '_$&').toUpperCase()]),
);

export function frame(type: number, flags: number, stream: number, payload = ''): string {
  return frameHead(payload.length, type, flags, stream) + payload;
}

export function blockOf(fields: FieldList): string {
  return fields.map(([name, value]) => encodeField(name, value)).join('');
}

/** The fields of a GET, some of them others: '' = left out. */
export function getFields(more: Readonly<Record<string, string>> = {}): FieldList {
  const fields = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'a.test', ...more };
  return Object.entries(fields).filter(([name, value]) => value !== '' || !name.startsWith(':'));
}

export function headers(
  stream: number,
  fields: FieldList = getFields(),
  flags = Flag.endStream | Flag.endHeaders,
) {
  return frame(FrameType.headers, flags, stream, blockOf(fields));
}

export const POST = getFields({ ':method': 'POST' });
/** HEADERS that leave their stream open. */
export const opening = (stream: number, fields: FieldList = POST) => headers(stream, fields, Flag.endHeaders);
export const data = (stream: number, payload: string, flags = 0) =>
  frame(FrameType.data, flags, stream, payload);
export const ping = (payload = 'pingpong', flags = 0, stream = 0) =>
  frame(FrameType.ping, flags, stream, payload);
export const reset = (stream: number, code: number = Code.cancel) =>
  frame(FrameType.rstStream, 0, stream, number32(code));
export const widen = (stream: number, bytes: number) =>
  frame(FrameType.windowUpdate, 0, stream, number32(bytes));
export const settings = settingsFrame;

export class Http2Client {
  /** `SETTINGS`, `HEADERS 1 200`, `DATA 1 5`, `END 1`, `RST_STREAM 1 CANCEL`, `GOAWAY NO_ERROR 1`, `PING hello`, `CLOSED` ... */
  readonly heard: string[] = [];
  readonly bodies = new Map<number, string>();
  readonly socket: net.Socket;
  readonly #decoder = new HpackDecoder();
  #block = '';

  constructor(t: TestContext, port: number) {
    this.socket = net.connect({ port, host: '127.0.0.1' });
    const reader = new FrameReader({
      onFrame: (type, flags, stream, buffer, from, to) => {
        this.#frame(type, flags, stream, buffer, from, to);
        return true;
      },
      onData: (stream, size, begins, _ends, endStream, buffer, from, to) => {
        if (begins) this.heard.push(`DATA ${stream} ${size}`);
        this.bodies.set(stream, (this.bodies.get(stream) ?? '') + buffer.toString('latin1', from, to));
        if (endStream) this.heard.push(`END ${stream}`);
        return true;
      },
      onTooLarge: () => this.heard.push('TOO LARGE'),
    });
    this.socket.on('data', (bytes) => reader.feed(bytes, 0, bytes.length));
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.heard.push('CLOSED'));
    t.after(() => this.socket.destroy());
  }

  /** Says the preface, SETTINGS and what they are answered with. */
  greet(first = settings([])): this {
    return this.write(PREFACE + first + SETTINGS_ACK);
  }

  write(text: string): this {
    if (!this.socket.destroyed) this.socket.write(text, 'latin1');
    return this;
  }

  async hears(what: string | RegExp): Promise<this> {
    const there = () =>
      this.heard.some((line) => (typeof what === 'string' ? line === what : what.test(line)));
    await until(() => there() || this.heard.includes('CLOSED'), `the client hears ${what}`);
    if (!there()) throw new Error(`The connection ended before ${what}: ${this.heard.join(', ')}`);
    return this;
  }

  async ends(): Promise<void> {
    if (!this.socket.destroyed) await once(this.socket, 'close');
  }

  #frame(type: number, flags: number, stream: number, buffer: Buffer, from: number, to: number): void {
    const code = () => codeNames.get(buffer.readUInt32BE(to - 4)) ?? 'unknown';
    switch (type) {
      case FrameType.headers:
      case FrameType.continuation:
        this.#block += buffer.toString('latin1', from, to);
        if (flags & Flag.endHeaders) this.#headers(stream);
        if (type === FrameType.headers && flags & Flag.endStream) this.heard.push(`END ${stream}`);
        break;
      case FrameType.rstStream:
        this.heard.push(`RST_STREAM ${stream} ${code()}`);
        break;
      case FrameType.goAway: {
        const name = codeNames.get(buffer.readUInt32BE(from + 4));
        this.heard.push(`GOAWAY ${name} ${buffer.readUInt32BE(from)}`);
        break;
      }
      case FrameType.ping:
        this.heard.push(`PING ${buffer.toString('latin1', from, to)}${flags & Flag.ack ? '' : ' ?'}`);
        break;
      case FrameType.settings:
        this.heard.push(flags & Flag.ack ? 'SETTINGS ACK' : 'SETTINGS');
        break;
      case FrameType.windowUpdate:
        this.heard.push(`WINDOW_UPDATE ${stream}`);
        break;
      default:
        this.heard.push(`FRAME ${type}`);
    }
  }

  #headers(stream: number): void {
    const bytes = Buffer.from(this.#block, 'latin1');
    this.#block = '';
    let line = `HEADERS ${stream}`;
    const readable = this.#decoder.decode(bytes, 0, bytes.length, (name, value) => {
      line += name === ':status' ? ` ${value}` : '';
    });
    this.heard.push(readable ? line : `${line} unreadable`);
  }
}
