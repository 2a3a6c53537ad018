/** Answers one request with a file: finds it, and sends as much as the client wants and as fast as it reads. */
import { read } from 'node:fs';
import type { Answer, Answering } from '../client-side.ts';
import { type Coding, chooseCoding } from '../encode/accept-encoding.ts';
import { isCompressible } from '../encode/compressible.ts';
import { COMPRESSED_MIN } from '../encode/eligible.ts';
import { codings, Encoder } from '../encode/encoder.ts';
import type { Visit } from '../gate/visit.ts';
import { Kind } from '../http1/fields.ts';
import type { Refusal } from '../http1/refusal.ts';
import { judge, rangeOf } from './conditions.ts';
import { conditionsOf, fileHead } from './file-head.ts';
import { fileSegments } from './file-path.ts';
import type { Finding, Folder, Found } from './folder.ts';
import { closeFile } from './open.ts';

const PIECE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);
const UNREADABLE = 'This file cannot be read now';

export class FileAnswer implements Answering {
  readonly #visit: Visit;
  readonly #folder: Folder;
  /** What the path has behind the prefix of the route. */
  readonly #rest: string;
  #requestDone: boolean;
  #state: 'looking' | 'sending' | 'over' = 'looking';
  #answer: Answer | undefined;
  #begun = false;
  #status = 200;
  #keep = false;
  #fd: number | undefined;
  /** Nothing may be closed under a thread that reads. */
  #reading = false;
  #piece = NOTHING;
  /** The file, if it is in memory. */
  #body: Buffer | undefined;
  #at = 0;
  #end = 0;
  #sent = 0;
  #encoder: Encoder | undefined;
  #unwritten = -1;

  constructor(visit: Visit, folder: Folder, requestDone: boolean) {
    this.#visit = visit;
    this.#folder = folder;
    this.#rest = folder.rest(visit.head.path);
    this.#requestDone = requestDone;
  }

  begin(): void {
    const { method, fields } = this.#visit.head;
    this.#visit.arrived();
    if (method !== 'GET' && method !== 'HEAD') {
      this.#say(405, 'Files can only be read', 'Allow: GET, HEAD\r\n');
      return;
    }
    if (this.#rest === '') {
      this.#toDirectory();
      return;
    }
    const segments = fileSegments(this.#rest);
    const { index } = this.#folder.route;
    if (segments?.at(-1) === '' && index !== null) segments[segments.length - 1] = index;
    if (!segments || segments.at(-1) === '') {
      this.#missing();
      return;
    }
    this.#await(this.#folder.find(segments, fields.first(Kind.acceptEncoding) ?? ''), (found) =>
      this.#found(found),
    );
  }

  more(_buffer: Buffer, _from: number, _to: number, done: boolean): void {
    this.#requestDone = done;
  }

  refuse({ status, reason }: Refusal): void {
    if (this.#state === 'looking') this.#say(status, reason, '', false);
    else this.#cutOff(reason);
  }

  abandon(): void {
    this.#over();
    this.#visit.left(499, this.#sent, 'client left');
  }

  expire(): void {
    const { unwritten } = this.#visit.side.channel;
    if (this.#state === 'sending' && unwritten !== this.#unwritten) this.#expectProgress();
    else this.#cutOff('nothing moved for too long');
  }

  clientDrained(): void {
    if (this.#state !== 'sending') return;
    this.#expectProgress();
    this.#encoder?.resume();
    if (!this.#encoder?.congested) this.#readOn();
  }

  // Finding it

  #await(finding: Finding | Promise<Finding>, then: (found: Finding) => void): void {
    if (!(finding instanceof Promise)) {
      then(finding);
      return;
    }
    const { side } = this.#visit;
    this.#expectProgress();
    finding.then(
      (found) => {
        if (this.#state === 'looking') side.channel.guard(() => then(found));
        else if (typeof found === 'object' && found.fd !== undefined) closeFile(found.fd);
      },
      (error: unknown) => {
        if (this.#state !== 'looking') return;
        const cause = error instanceof Error ? error.message : String(error);
        side.channel.guard(() => this.#say(503, UNREADABLE, 'Retry-After: 5\r\n', this.#requestDone, cause));
      },
    );
  }

  #found(found: Finding): void {
    if (typeof found === 'object') this.#give(found);
    else if (found === 'denied') this.#say(403, 'This file may not be read by Holdfast');
    else if (found === 'directory' && this.#folder.route.index !== null) this.#toDirectory();
    else this.#missing();
  }

  /** Its own links would lead elsewhere without the slash. */
  #toDirectory(): void {
    const { path, query } = this.#visit.head;
    this.#say(301, 'This is a directory', `Location: ${path}/${query}\r\n`);
  }

  /** A page of an app in the browser has addresses that no file has. */
  #missing(): void {
    const { index, spa } = this.#folder.route;
    const { fields } = this.#visit.head;
    const accept = fields.first(Kind.accept) ?? '';
    const isPage = accept.includes('text/html') || !/\.[^/]*$/.test(this.#rest);
    if (!spa || index === null || !isPage) {
      this.#notHere();
      return;
    }
    this.#await(this.#folder.find([index], fields.first(Kind.acceptEncoding) ?? ''), (found) => {
      if (typeof found === 'object') this.#give(found);
      else this.#notHere();
    });
  }

  #notHere(): void {
    this.#say(404, 'There is nothing at this address');
  }

  // Answering

  #give(found: Found): void {
    const { head, gate } = this.#visit;
    const { file } = found;
    const conditions = conditionsOf(this.#visit);
    const isText = gate.content.compress && isCompressible(found.type) && file.size >= COMPRESSED_MIN;
    const encodable =
      isText && found.coding === undefined && conditions.range === undefined && head.minor === 1;
    const wanted = head.fields.first(Kind.acceptEncoding) ?? '';
    const coding = encodable ? chooseCoding(wanted, codings) : undefined;
    const version = coding ? { ...file, etag: `W/${file.etag.replace('W/', '')}` } : file;
    this.#fd = found.fd;
    this.#status = judge(conditions, version);
    if (this.#status === 412) {
      this.#say(412, 'This file is not the one that you know');
      return;
    }
    const range =
      this.#status === 200 && head.method === 'GET' && !coding
        ? rangeOf(conditions, version, file.size)
        : undefined;
    if (range === 'unsatisfiable') {
      this.#say(416, 'This file is not that long', `Content-Range: bytes */${file.size}\r\n`);
      return;
    }
    if (range) this.#status = 206;
    this.#keep = this.#visit.keeps(this.#requestDone);
    const answerHead = fileHead(this.#visit, {
      status: this.#status,
      type: found.type,
      coding: coding ?? found.coding,
      chunked: coding !== undefined,
      varies: found.varies || isText,
      version,
      size: file.size,
      range,
      cacheControl: this.#folder.route.cacheControl,
    });
    const { side, lines } = this.#visit;
    this.#answer = side.answer(head, answerHead, this.#keep, lines);
    const { start, end } = range ?? { start: 0, end: file.size };
    this.#state = 'sending';
    if (this.#status === 304 || head.method === 'HEAD') this.#write(NOTHING, 0, 0, true);
    else if (coding) this.#encode(coding, found.file.body, end);
    else {
      this.#body = file.body;
      this.#at = start;
      this.#end = end;
      if (start === end) this.#write(NOTHING, 0, 0, true);
      else this.#readOn();
    }
  }

  #encode(coding: Coding, body: Buffer | undefined, size: number): void {
    const encoder = new Encoder(coding, {
      onEncoded: (bytes, done) =>
        this.#visit.side.channel.guard(() => this.#write(bytes, 0, bytes.length, done)),
      onPause: () => {},
      onRoom: () => this.#readOn(),
      onFailed: () => this.#cutOff('it could not be compressed'),
    });
    this.#encoder = encoder;
    this.#expectProgress();
    this.#end = size;
    if (body) encoder.write(body, 0, body.length, true);
    else this.#readOn();
  }

  /** Writes as much of the file as there is room for: what waits to be sent is a copy. */
  #writeOn(body: Buffer): void {
    const { channel } = this.#visit.side;
    while (this.#state === 'sending' && this.#at < this.#end) {
      const from = this.#at;
      this.#at = Math.min(this.#end, from + PIECE_BYTES);
      this.#write(body, from, this.#at, this.#at === this.#end);
      if (channel.congested) return;
    }
  }

  /** Reads the next piece of the file, if it is its turn. */
  #readOn(): void {
    if (this.#body) {
      this.#writeOn(this.#body);
      return;
    }
    if (this.#state !== 'sending' || this.#reading || this.#fd === undefined || this.#at >= this.#end) return;
    if (this.#piece.length === 0)
      this.#piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, this.#end - this.#at));
    this.#reading = true;
    const most = Math.min(this.#piece.length, this.#end - this.#at);
    read(this.#fd, this.#piece, 0, most, this.#at, (error, size) => {
      this.#reading = false;
      if (this.#state === 'over') this.#close();
      else this.#visit.side.channel.guard(() => this.#gotPiece(error, size));
    });
  }

  #gotPiece(error: Error | null, size: number): void {
    if (error || size === 0) {
      this.#cutOff(error?.message ?? 'the file became shorter');
      return;
    }
    this.#at += size;
    const done = this.#at === this.#end;
    if (this.#encoder) this.#encoder.write(this.#piece, 0, size, done);
    else this.#write(this.#piece, 0, size, done);
    const congested = this.#visit.side.channel.congested || this.#encoder?.congested;
    if (this.#state === 'sending' && !congested) this.#readOn();
  }

  #write(buffer: Buffer, from: number, to: number, done: boolean): void {
    if (this.#state !== 'sending') return;
    const { channel } = this.#visit.side;
    this.#sent += to - from;
    if (this.#encoder) {
      if (to > from || done) this.#send(buffer, from, to, done);
      if (channel.congested) this.#encoder.pause();
    } else this.#send(buffer, from, to, done);
    if (done) this.#finish();
    else this.#expectProgress();
  }

  #send(buffer: Buffer, from: number, to: number, done: boolean): void {
    this.#begun = true;
    this.#answer?.write(buffer, from, to, done);
  }

  // The end

  #finish(): void {
    this.#over();
    this.#visit.left(this.#status, this.#sent, 'file');
    this.#visit.side.finished(this.#keep && this.#requestDone);
  }

  #cutOff(cause: string): void {
    const begun = this.#state === 'sending' && this.#begun;
    if (this.#state === 'over') return;
    if (!begun) {
      this.#state = 'looking';
      this.#say(503, UNREADABLE, '', this.#requestDone, cause);
      return;
    }
    this.#over();
    this.#visit.left(this.#status, this.#sent, cause);
    this.#visit.side.cutOff(false);
  }

  #say(status: number, message: string, extra = '', keep = this.#requestDone, cause = message): void {
    this.#over();
    this.#visit.say({ status, message, extra }, keep, cause);
  }

  #over(): void {
    this.#state = 'over';
    this.#visit.side.deadline = 0;
    this.#encoder?.destroy();
    if (!this.#reading) this.#close();
  }

  #close(): void {
    if (this.#fd !== undefined) closeFile(this.#fd);
    this.#fd = undefined;
  }

  #expectProgress(): void {
    const { side } = this.#visit;
    this.#unwritten = side.channel.unwritten;
    side.deadline = side.edge.sweeper.now + side.edge.limits.upstreamTimeoutMs;
  }
}
