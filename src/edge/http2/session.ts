/** One connection of a client that speaks HTTP/2 (RFC 9113): reads frames, and hands each request to a stream of its own. */
import type { Edge } from '../edge.ts';
import type { Client } from '../forwarded.ts';
import { RequestWriter } from '../headers.ts';
import { refusal } from '../http1/refusal.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { PeerOfWire } from '../peer.ts';
import type { Sweepable } from '../sweeper.ts';
import { type Accepted, Wire, type WireUser } from '../wire.ts';
import { type BudgetName, Budgets } from './budgets.ts';
import { Code, Flag, FrameType, PREFACE, Setting, WINDOW_BYTES, WINDOW_MAX } from './codes.ts';
import { Deadlines } from './deadlines.ts';
import { FrameReader, type FrameUser } from './frame-reader.ts';
import {
  goAwayFrame,
  pingFrame,
  rstStreamFrame,
  SETTINGS_ACK,
  settingsFrame,
  windowUpdateFrame,
} from './frame-writer.ts';
import { fragmentOf, HeaderBlock } from './header-blocks.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import { Outlet } from './outlet.ts';
import { PeerSettings } from './peer-settings.ts';
import { type Ending, Recent } from './recent.ts';
import { type Remembered, RequestReader } from './request.ts';
import { STREAM_BYTES, Stream } from './stream.ts';

/** What a client may send on all streams together before it hears that there is more room. */
const CONNECTION_BYTES = 1024 * 1024;
/** Of requests that wait. What their streams may hold back takes nothing of the room of others, up to this. */
const HELD_BYTES = 4 * 1024 * 1024;
/** As in HTTP/1.1, see REQUEST_HEAD_MAX; here each field counts for 32 bytes more than it has. */
const HEADER_LIST_BYTES = 16 * 1024;
/** More than bodies may pile up: heads of answers that the client does not read, and for which it asks nevertheless. */
const UNREAD_BYTES = 256 * 1024;
/** After the last frame: the time for the client to read it and to close, so that no RST destroys what is on its way. */
const LINGER_MS = 2_000;
/** A client that we want to leave may not know it yet: its next requests are served for this long, or until it does. */
const DRAIN_MS = 1_000;
/** Its library has heard it before the program that uses it: streams are taken until none has come for this long. */
const LAST_STREAMS_MS = 250;
const DRAIN_PING = 'goodbye\0';
/** What is remembered of the fields of the last request. */
const REMEMBERED_FIELDS = 40;

const MISDIRECTED = refusal(
  421,
  'This connection is for another site: its certificate is not one of this name',
);
const CALM = 'more than any client needs';

export class Session implements WireUser, Sweepable, FrameUser {
  deadline = 0;
  readonly edge: Edge;
  readonly ip: string;
  readonly wire: Wire;
  readonly outlet: Outlet;
  readonly budgets = new Budgets();
  readonly #frames = new FrameReader(this);
  readonly #decoder = new HpackDecoder();
  readonly #settings = new PeerSettings();
  readonly #streams = new Map<number, Stream>();
  readonly #recent = new Recent();
  readonly #peer: PeerOfWire;
  readonly #connects: boolean;
  readonly #maxStreams: number;
  #requests: RequestWriter | undefined;
  #remembered: Remembered | undefined;
  /** Those with small pieces that wait for the end of what was read. */
  readonly #gathering = new Set<Stream>();
  /** Bytes of the preface that have come. */
  #greeted = 0;
  /** The first SETTINGS have come. */
  #introduced = false;
  /** Frames that have begun. */
  #frameCount = 0;
  /** What the deadline of the head is about: a header block, or the frame behind so many others. */
  #awaited: HeaderBlock | number = 0;
  /** A header block whose end has not come. */
  #block: HeaderBlock | undefined;
  #lastStream = 0;
  /** No stream behind this one is begun any more. */
  #lastTaken = WINDOW_MAX;
  #room = CONNECTION_BYTES;
  /** Bytes that came, for which the client has not been told that there is room again. */
  #untold = 0;
  /** Bytes that its streams hold back. */
  #held = 0;
  /** What the kernel had not taken yet when the time was last up. */
  #unwritten = 0;
  /** The client knows that we are leaving: until then its last streams are taken, at most. 0 = it does not. */
  #lastStreamsUntil = 0;
  #over = false;
  readonly #by = new Deadlines();

  /** @param from where it came: a door, or a connection that began with the preface */
  constructor(edge: Edge, from: Accepted | Wire, ip: string) {
    const { webSockets, maxStreams } = edge.http2;
    const { now } = edge.sweeper;
    this.edge = edge;
    this.ip = ip;
    this.#connects = webSockets;
    this.#maxStreams = maxStreams;
    this.#by.head = now + edge.limits.headTimeoutMs;
    this.#by.settings = now + edge.limits.headTimeoutMs;
    if (from instanceof Wire) {
      from.user = this;
      this.wire = from;
    } else this.wire = Wire.accept(from, this);
    this.outlet = new Outlet(this.wire, () => this.budgets.sentData());
    this.#peer = new PeerOfWire(this.wire, ip);
    this.outlet.say(
      settingsFrame([
        [Setting.maxConcurrentStreams, maxStreams],
        [Setting.initialWindowSize, STREAM_BYTES],
        [Setting.maxHeaderListSize, HEADER_LIST_BYTES],
        [Setting.noRfc7540Priorities, 1],
        ...(webSockets ? [[Setting.enableConnectProtocol, 1] as const] : []),
      ]) + windowUpdateFrame(0, CONNECTION_BYTES - WINDOW_BYTES),
    );
    this.#arm();
  }

  // What the edge says

  /** Accept nothing more than what has begun. */
  drain(final: boolean): void {
    if (this.#over) return;
    if (final) for (const stream of [...this.#streams.values()]) stream.closeTunnel();
    const { now } = this.edge.sweeper;
    if (this.edge.draining && this.#by.drain === 0 && this.#lastTaken === WINDOW_MAX) {
      // Requests that are on their way already are still served (RFC 9113 section 6.8).
      this.outlet.say(goAwayFrame(WINDOW_MAX, Code.noError, '') + pingFrame(false, DRAIN_PING));
      this.outlet.flush();
      this.#by.drain = now + DRAIN_MS;
    } else if (this.#streams.size === 0) this.#by.idle = Math.min(this.#by.idle, now + DRAIN_MS);
    this.#arm();
  }

  /** The time is up: WebSockets get their close frame, anything else ends here. */
  cut(): void {
    let tunnels = false;
    for (const [id, stream] of [...this.#streams]) {
      if (stream.closeTunnel()) tunnels = true;
      else this.reset(id, Code.cancel);
    }
    if (!tunnels) this.wire.destroy();
  }

  // What the socket says

  onBytes(buffer: Buffer, start: number, end: number): void {
    if (this.#over) return;
    const from = this.#greeted < PREFACE.length ? this.#greet(buffer, start, end) : start;
    if (from < end) this.#frames.feed(buffer, from, end);
    if (this.#over) return;
    this.#flushGathered();
    this.#watchHead();
    if (this.wire.unwritten > UNREAD_BYTES) this.wire.pause();
  }

  onDrain(): void {
    this.wire.resume();
    this.outlet.pump();
    for (const stream of [...this.#streams.values()]) stream.drained();
  }

  onEnd(): void {
    if (!this.#over) this.wire.destroy();
  }

  onConnect(): void {}

  onClose(): void {
    this.#over = true;
    this.#disposeAll();
    this.edge.forget(this);
  }

  expire(): void {
    const { now } = this.edge.sweeper;
    const { upstreamTimeoutMs } = this.edge.limits;
    const past = this.#by.past(now);
    if (this.#over) {
      if (this.#isReading()) this.deadline = now + upstreamTimeoutMs;
      else this.wire.destroy();
    } else if (past === 'head') this.#fail(Code.noError, 'the request did not come in time');
    else if (past === 'settings') this.#fail(Code.settingsTimeout, 'SETTINGS were not acknowledged');
    else if (past === 'idle' && this.#isReading()) this.#by.idle = now + upstreamTimeoutMs;
    else if (past) this.#lastCall();
    if (!this.#over) this.#arm();
  }

  /** The client still takes, however slowly, what was written. */
  #isReading(): boolean {
    const before = this.#unwritten;
    this.#unwritten = this.wire.unwritten;
    return this.#unwritten > 0 && this.#unwritten !== before;
  }

  // What streams say

  client(head: RequestHead): Client {
    return this.#peer.client(head, this.edge.trust);
  }

  get requests(): RequestWriter {
    this.#requests ??= new RequestWriter();
    return this.#requests;
  }

  /** It has small pieces, of which more may be in what was just read. */
  gathers(stream: Stream): void {
    this.#gathering.add(stream);
  }

  /** There is room again for so many bytes on this stream. */
  tell(stream: number, bytes: number): void {
    this.outlet.say(windowUpdateFrame(stream, bytes));
  }

  /** A stream holds so many bytes more; with a negative number, fewer. */
  holds(bytes: number): void {
    this.#held += bytes;
    this.#giveRoom(0);
  }

  /**
   * Bytes have come: there is room again for as many at once, because a stream that holds back what it got must not take the
   * room of others. What one stream may hold, its own window says.
   */
  #giveRoom(came: number): void {
    this.#untold += came;
    const bytes = this.#untold - Math.max(0, this.#held - HELD_BYTES);
    if (bytes < CONNECTION_BYTES / 4) return;
    this.outlet.say(windowUpdateFrame(0, bytes));
    this.#room += bytes;
    this.#untold -= bytes;
  }

  /** Both sides are done with a stream. */
  over(id: number): void {
    this.#forget(id, 'over');
  }

  /** Ends a stream, for reasons of ours. */
  reset(id: number, code: Code): void {
    if (!this.#streams.has(id)) return;
    this.outlet.say(rstStreamFrame(id, code));
    this.#forget(id, 'ours');
  }

  /** A stream error (RFC 9113 section 5.4.2): the client has broken a rule on this stream. */
  fault(id: number, code: Code, reason: string): void {
    this.edge.refused(this.ip, 400, reason);
    // A stream that is idle cannot be reset (section 6.4).
    if (id <= this.#lastStream) {
      this.outlet.say(rstStreamFrame(id, code));
      if (this.#streams.has(id)) this.#forget(id, 'ours');
      else this.#remember(id, 'ours');
    }
    this.#spend('faults');
  }

  // What the frames say

  onTooLarge(): void {
    this.#fail(Code.frameSizeError, 'a frame is too large');
  }

  onFrame(type: number, flags: number, stream: number, buffer: Buffer, from: number, to: number): boolean {
    this.#frameCount++;
    if (this.#block && (type !== FrameType.continuation || stream !== this.#block.stream))
      return this.#fail(Code.protocolError, 'a header block is interrupted');
    if (!this.#introduced && (type !== FrameType.settings || (flags & Flag.ack) !== 0))
      return this.#fail(Code.protocolError, 'the first frame is not SETTINGS');
    switch (type) {
      case FrameType.data:
        return this.#paddedData(flags, stream, buffer, from, to);
      case FrameType.headers:
        return this.#headers(flags, stream, buffer, from, to);
      case FrameType.continuation:
        return this.#continuation(flags, buffer, from, to);
      case FrameType.priority:
        return this.#priority(stream, buffer, from, to);
      case FrameType.rstStream:
        return this.#rstStream(stream, to - from);
      case FrameType.settings:
        return this.#peerSettings(flags, stream, buffer, from, to);
      case FrameType.ping:
        return this.#ping(flags, stream, buffer, from, to);
      case FrameType.goAway:
        return this.#goAway(stream, to - from);
      case FrameType.windowUpdate:
        return this.#windowUpdate(stream, buffer, from, to);
      case FrameType.pushPromise:
        return this.#fail(Code.protocolError, 'clients cannot push');
      default:
        return this.#spend('idleWords');
    }
  }

  onData(
    id: number,
    size: number,
    begins: boolean,
    _ends: boolean,
    endStream: boolean,
    buffer: Buffer,
    from: number,
    to: number,
  ): boolean {
    if (this.#block) return this.#fail(Code.protocolError, 'a header block is interrupted');
    if (!this.#introduced) return this.#fail(Code.protocolError, 'the first frame is not SETTINGS');
    if (begins) this.#frameCount++;
    if (begins && !this.#admitData(id, size, endStream)) return !this.#over;
    this.#streams.get(id)?.data(buffer, from, to, endStream);
    this.#giveRoom(to - from);
    return !this.#over;
  }

  /** Looks at the head of a frame of DATA; false = what comes is not for a stream. */
  #admitData(id: number, size: number, endStream: boolean): boolean {
    if (id === 0 || id > this.#lastStream)
      return this.#fail(Code.protocolError, 'DATA on a stream that is idle');
    this.#room -= size;
    if (this.#room < 0)
      return this.#fail(Code.flowControlError, 'more DATA than the connection has room for');
    if (size === 0 && !endStream && !this.#spend('emptyData')) return false;
    const stream = this.#streams.get(id);
    if (!stream) {
      if (this.#recent.of(id) !== 'ours')
        return this.#fail(Code.streamClosed, 'DATA on a stream that is closed');
    } else if (stream.remoteEnded) this.fault(id, Code.streamClosed, 'DATA behind the end of the stream');
    else if (!stream.admits(size))
      this.fault(id, Code.flowControlError, 'more DATA than the stream has room for');
    return true;
  }

  #paddedData(flags: number, id: number, buffer: Buffer, from: number, to: number): boolean {
    const padding = buffer[from];
    if (padding === undefined || from === to || padding >= to - from)
      return this.#fail(Code.protocolError, 'more padding than DATA');
    const end = to - padding;
    const endStream = (flags & Flag.endStream) !== 0;
    if (end === from + 1 && !endStream && !this.#spend('emptyData')) return false;
    const goesOn = this.onData(id, to - from, true, true, endStream, buffer, from + 1, end);
    if (goesOn) this.#pad(id, 1 + padding);
    return goesOn;
  }

  /** Padding takes room, and needs none any more. */
  #pad(id: number, bytes: number): void {
    this.#streams.get(id)?.padded(bytes);
    this.#giveRoom(bytes);
  }

  #headers(flags: number, id: number, buffer: Buffer, start: number, end: number): boolean {
    if (id % 2 === 0) return this.#fail(Code.protocolError, 'HEADERS on a stream that is not a client’s');
    const fragment = fragmentOf(flags, id, buffer, start, end);
    if (typeof fragment === 'string') return this.#fail(Code.protocolError, fragment);
    const { from, to, dependsOnItself } = fragment;
    const endStream = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0)
      return this.#blockDone(id, endStream, dependsOnItself, buffer, from, to);
    this.#block = new HeaderBlock(id, endStream, dependsOnItself, Buffer.from(buffer.subarray(from, to)));
    return true;
  }

  #continuation(flags: number, buffer: Buffer, from: number, to: number): boolean {
    const block = this.#block;
    if (!block) return this.#fail(Code.protocolError, 'CONTINUATION of nothing');
    if (!block.add(buffer, from, to)) return this.#fail(Code.enhanceYourCalm, CALM);
    if ((flags & Flag.endHeaders) === 0) return true;
    this.#block = undefined;
    const { stream, endStream, dependsOnItself, bytes } = block;
    return this.#blockDone(stream, endStream, dependsOnItself, bytes, 0, bytes.length);
  }

  /** Every block must be read, whatever becomes of its stream: the next one relies on it. */
  #blockDone(
    id: number,
    endStream: boolean,
    dependsOnItself: boolean,
    buffer: Buffer,
    from: number,
    to: number,
  ): boolean {
    const reader = new RequestReader();
    if (!this.#decoder.decode(buffer, from, to, reader.onField))
      return this.#fail(Code.compressionError, 'a header block cannot be read');
    const stream = this.#streams.get(id);
    if (stream) this.#trailers(stream, endStream, reader);
    else if (id > this.#lastStream) this.#open(id, endStream, dependsOnItself, reader);
    else {
      const ending = this.#recent.of(id);
      if (ending === undefined) return this.#fail(Code.protocolError, 'a stream is behind the last');
      if (ending === 'over') return this.#fail(Code.streamClosed, 'HEADERS on a stream that is closed');
    }
    return !this.#over;
  }

  #trailers(stream: Stream, endStream: boolean, reader: RequestReader): void {
    const { id } = stream;
    if (stream.remoteEnded) {
      this.fault(id, Code.streamClosed, 'HEADERS behind the end of the stream');
      return;
    }
    const problem = endStream ? reader.trailersProblem() : 'HEADERS in the middle of a body';
    if (problem !== undefined) this.fault(id, Code.protocolError, problem);
    else stream.data(Buffer.alloc(0), 0, 0, true);
  }

  #open(id: number, endStream: boolean, dependsOnItself: boolean, reader: RequestReader): void {
    this.#lastStream = id;
    if (id > this.#lastTaken || this.#streams.size >= this.#maxStreams) {
      this.outlet.say(rstStreamFrame(id, Code.refusedStream));
      this.#remember(id, 'ours');
      this.#spend('refusals');
      return;
    }
    if (dependsOnItself) {
      this.fault(id, Code.protocolError, 'a stream that depends on itself');
      return;
    }
    const head = reader.finish(endStream, this.#connects, this.#remembered);
    if ('malformed' in head) {
      this.fault(id, Code.protocolError, head.malformed);
      return;
    }
    const stream = new Stream(this, id, this.#settings.windowBytes, endStream);
    this.#streams.set(id, stream);
    this.edge.sweeper.add(stream);
    this.#by.idle = 0;
    this.#awaitLastStreams();
    if ('reason' in head) {
      stream.refuse(head);
      return;
    }
    const { names, values } = reader;
    // What a handshake says goes beyond its fields: a GET with the same ones is none.
    const isMemorable = names.length <= REMEMBERED_FIELDS && head.webSocketKey === '';
    this.#remembered = isMemorable ? { names, values, said: head.said } : undefined;
    const { secured } = this.wire;
    if (secured && !this.edge.isServedBy(secured, head.host)) stream.refuse(MISDIRECTED, head);
    else stream.begin(head);
  }

  #priority(id: number, buffer: Buffer, from: number, to: number): boolean {
    if (id === 0) return this.#fail(Code.protocolError, 'PRIORITY of no stream');
    if (!this.#spend('idleWords')) return false;
    if (to - from !== 5) this.fault(id, Code.frameSizeError, 'PRIORITY is not five bytes');
    else if ((buffer.readUInt32BE(from) & 0x7fff_ffff) === id)
      this.fault(id, Code.protocolError, 'a stream that depends on itself');
    return !this.#over;
  }

  #rstStream(id: number, size: number): boolean {
    if (size !== 4) return this.#fail(Code.frameSizeError, 'RST_STREAM is not four bytes');
    if (id === 0 || id > this.#lastStream)
      return this.#fail(Code.protocolError, 'RST_STREAM of a stream that is idle');
    return this.#streams.has(id) && this.#forget(id, 'over') ? this.#spend('cancels') : true;
  }

  #peerSettings(flags: number, id: number, buffer: Buffer, from: number, to: number): boolean {
    if (id !== 0) return this.#fail(Code.protocolError, 'SETTINGS of a stream');
    if ((flags & Flag.ack) !== 0) {
      if (to > from) return this.#fail(Code.frameSizeError, 'SETTINGS with an answer');
      this.#by.settings = 0;
      return true;
    }
    if ((to - from) % 6 !== 0) return this.#fail(Code.frameSizeError, 'SETTINGS are not a list');
    if (!this.#spend('settings')) return false;
    const before = this.#settings.windowBytes;
    const problem = this.#settings.apply(buffer, from, to);
    if (problem !== undefined) return this.#fail(problem, 'a setting is not possible');
    this.outlet.say(SETTINGS_ACK);
    if (!this.#introduced) {
      this.#introduced = true;
      this.#rest();
    }
    return this.#widenAll(this.#settings.windowBytes - before);
  }

  /** RFC 9113 section 6.9.2. */
  #widenAll(bytes: number): boolean {
    if (bytes === 0) return true;
    for (const stream of [...this.#streams.values()]) {
      if (!stream.sender.widen(bytes)) return this.#fail(Code.flowControlError, 'a window is too large');
    }
    return true;
  }

  #ping(flags: number, id: number, buffer: Buffer, from: number, to: number): boolean {
    if (id !== 0) return this.#fail(Code.protocolError, 'PING of a stream');
    if (to - from !== 8) return this.#fail(Code.frameSizeError, 'PING is not eight bytes');
    const payload = buffer.toString('latin1', from, to);
    if ((flags & Flag.ack) === 0) {
      if (!this.#spend('pings')) return false;
      this.outlet.say(pingFrame(true, payload));
    } else if (payload === DRAIN_PING && this.#by.drain > 0) this.#knowsOfDrain();
    return !this.#over;
  }

  /** The client will ask for nothing more. */
  #goAway(id: number, size: number): boolean {
    if (id !== 0) return this.#fail(Code.protocolError, 'GOAWAY of a stream');
    if (size < 8) return this.#fail(Code.frameSizeError, 'GOAWAY is too short');
    // To ours it is a reply, with streams behind it that were on their way.
    if (this.#by.drain > 0) this.#knowsOfDrain();
    else this.#lastCall();
    return !this.#over;
  }

  #windowUpdate(id: number, buffer: Buffer, from: number, to: number): boolean {
    if (to - from !== 4) return this.#fail(Code.frameSizeError, 'WINDOW_UPDATE is not four bytes');
    if (!this.#spend('windowUpdates')) return false;
    const bytes = buffer.readUInt32BE(from) & 0x7fff_ffff;
    if (id === 0) {
      if (bytes === 0) return this.#fail(Code.protocolError, 'WINDOW_UPDATE of nothing');
      return this.outlet.widen(bytes) || this.#fail(Code.flowControlError, 'the window is too large');
    }
    if (id > this.#lastStream)
      return this.#fail(Code.protocolError, 'WINDOW_UPDATE of a stream that is idle');
    const stream = this.#streams.get(id);
    if (!stream) return true;
    if (bytes === 0) this.fault(id, Code.protocolError, 'WINDOW_UPDATE of nothing');
    else if (!stream.sender.widen(bytes)) this.fault(id, Code.flowControlError, 'the window is too large');
    return !this.#over;
  }

  // The end

  #knowsOfDrain(): void {
    this.#lastStreamsUntil ||= this.edge.sweeper.now + DRAIN_MS;
    this.#awaitLastStreams();
  }

  /** Once the client knows that we are leaving: each stream may be the last. */
  #awaitLastStreams(): void {
    if (this.#lastStreamsUntil === 0 || this.#by.drain === 0) return;
    this.#by.drain = Math.min(this.edge.sweeper.now + LAST_STREAMS_MS, this.#lastStreamsUntil);
    this.#arm();
  }

  /** Refuses new streams from here on, and ends the connection with the last of those that there are. */
  #lastCall(): void {
    this.#by.drain = 0;
    this.#by.idle = 0;
    if (this.#lastTaken === WINDOW_MAX) {
      this.#lastTaken = this.#lastStream;
      this.outlet.say(goAwayFrame(this.#lastTaken, Code.noError, ''));
    }
    if (this.#streams.size === 0) this.#end();
    else this.#arm();
  }

  /** A connection error (RFC 9113 section 5.4.1). Returns false, for those who ask whether it goes on. */
  #fail(code: Code, reason: string): false {
    if (this.#over) return false;
    this.edge.refused(this.ip, 400, reason);
    this.outlet.say(goAwayFrame(this.#lastStream, code, reason));
    this.#end();
    return false;
  }

  #end(): void {
    this.#over = true;
    this.outlet.close();
    this.#disposeAll();
    this.wire.end();
    this.wire.resume();
    this.deadline = this.edge.sweeper.now + LINGER_MS;
  }

  /** Whether a budget covers one more; if not, that is the end. */
  #spend(kind: BudgetName): boolean {
    return this.budgets[kind].spend(this.edge.sweeper.now) || this.#fail(Code.enhanceYourCalm, CALM);
  }

  /** Returns whether its request was still to be answered. */
  #forget(id: number, ending: Ending): boolean {
    const stream = this.#streams.get(id);
    if (!stream) return false;
    this.#streams.delete(id);
    this.#gathering.delete(stream);
    this.#remember(id, ending);
    this.edge.sweeper.remove(stream);
    const open = stream.dispose();
    if (this.#streams.size === 0 && !this.#over) this.#rest();
    return open;
  }

  #remember(id: number, ending: Ending): void {
    this.#recent.add(id, ending, this.edge.sweeper.now);
  }

  #disposeAll(): void {
    for (const [id, stream] of [...this.#streams]) {
      this.#streams.delete(id);
      this.edge.sweeper.remove(stream);
      stream.dispose();
    }
    this.#gathering.clear();
  }

  /** No stream is open. */
  #rest(): void {
    if (this.#lastTaken !== WINDOW_MAX) {
      this.#end();
      return;
    }
    this.#by.idle = this.edge.sweeper.now + this.edge.limits.keepAliveMs;
    this.#arm();
  }

  #greet(buffer: Buffer, start: number, end: number): number {
    const next = Math.min(end, start + PREFACE.length - this.#greeted);
    for (let i = start; i < next; i++) {
      if (buffer[i] === PREFACE.charCodeAt(this.#greeted)) this.#greeted++;
      else {
        this.#fail(Code.protocolError, 'the connection does not begin with the preface of HTTP/2');
        return end;
      }
    }
    return next;
  }

  #flushGathered(): void {
    if (this.#gathering.size === 0) return;
    const streams = [...this.#gathering];
    this.#gathering.clear();
    for (const stream of streams) stream.flush();
  }

  /** A head that has begun must come to its end. */
  #watchHead(): void {
    const begun = !this.#introduced || this.#block !== undefined || this.#frames.partial;
    const awaited = this.#block ?? this.#frameCount;
    if (!begun) this.#by.head = 0;
    else if (this.#by.head === 0 || (this.#introduced && awaited !== this.#awaited)) {
      this.#awaited = awaited;
      this.#by.head = this.edge.sweeper.now + this.edge.limits.headTimeoutMs;
      this.#arm();
    }
  }

  #arm(): void {
    this.deadline = this.#by.next;
  }
}
