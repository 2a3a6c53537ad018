/** One connection to an app that speaks HTTP/2, with the streams of many requests. */
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Caller } from '../carriage.ts';
import { dialFailure, wrongServer } from '../dial-failure.ts';
import type { Dialer } from '../dialer.ts';
import { connectFailed, type Failure } from '../failure.ts';
import type { Sweepable, Sweeper } from '../sweeper.ts';
import { report } from '../wire.ts';
import { StreamCarriage } from './stream.ts';

/** What an app may send of one answer before it has to wait for the client. */
const STREAM_WINDOW = 256 * 1024;
const SESSION_WINDOW = 4 * 1024 * 1024;
/** Before an app has said how many streams it takes, and at most. */
const STREAMS_GUESS = 100;
const STREAMS_MAX = 1_000;
const IDLE_MS = 60_000;
/** A session on which a request was waited for in vain has this long to show that there is somebody. */
const PING_MS = 5_000;
const PING_AFTER_MS = 2_000;

export interface SessionUser {
  readonly sweeper: Sweeper;
  /** It can be used: the app has said that it speaks HTTP/2. */
  opened(session: Session): void;
  /** It cannot be used any more. `failure`: it never could. */
  ended(session: Session, failure: Failure | undefined): void;
}

export class Session implements Sweepable {
  deadline = 0;
  readonly scheme: 'http' | 'https';
  /** It begins with the address of one client: it is for one request. */
  readonly isPrivate: boolean;
  readonly #user: SessionUser;
  readonly #http2: ClientHttp2Session;
  readonly #carriages = new Set<StreamCarriage>();
  /** Those of them that wait for the session to be usable. */
  readonly #waiting = new Set<StreamCarriage>();
  #state: 'connecting' | 'open' | 'retired' | 'ended' = 'connecting';
  #most = STREAMS_GUESS;
  #used = false;
  /** Nothing has come from the app since it last was idle: by now it may be gone. */
  #unproven = false;
  /** Somebody has waited for it in vain: it is not for others. */
  #isLate = false;
  #failure: Failure | undefined;
  /** Of the last stream that the app has taken up, once it has said that it takes no more. */
  #lastTaken = Number.POSITIVE_INFINITY;
  #heardAt = 0;
  #pinging = false;

  constructor(dialer: Dialer, preface: string, user: SessionUser) {
    this.#user = user;
    this.isPrivate = preface !== '';
    this.scheme = dialer.isSecure ? 'https' : 'http';
    const session = http2.connect(`${this.scheme}://localhost`, {
      createConnection: () => dialer.dial(preface),
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: 64 * 1024 },
      maxHeaderListPairs: 500,
      maxSessionMemory: 64,
    } as http2.ClientSessionOptions);
    this.#http2 = session;
    session.on('connect', (_, socket: Socket) => guarded(() => this.#connected(socket)));
    session.on('remoteSettings', (said) => guarded(() => this.#settled(said.maxConcurrentStreams)));
    session.on('goaway', (_code: number, lastTaken: number) => {
      this.#lastTaken = lastTaken;
      guarded(() => this.retire());
    });
    session.on('error', (error) => {
      this.#failure ??=
        this.#state === 'connecting' ? unusable(error, dialer.isSecure) : connectFailed('the session broke');
    });
    session.on('close', () => guarded(() => this.#ended()));
    user.sweeper.add(this);
  }

  get now(): number {
    return this.#user.sweeper.now;
  }

  /** Another request may have a place here, now or as soon as it is connected. */
  get hasRoom(): boolean {
    const isUsable = (this.#state === 'connecting' && !this.#isLate) || this.#state === 'open';
    return isUsable && this.#carriages.size < this.#most;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Gives a caller a place; `connected` follows if it is not open yet. */
  place(caller: Caller): StreamCarriage {
    const carriage = new StreamCarriage(this, caller, this.#unproven);
    this.take(carriage);
    return carriage;
  }

  /** The same for one that has found no room elsewhere. */
  take(carriage: StreamCarriage): void {
    this.#carriages.add(carriage);
    if (this.#state === 'connecting') this.#waiting.add(carriage);
    if (!this.#pinging) this.deadline = 0;
  }

  /** Undefined: it cannot be used any more. */
  request(fields: OutgoingHttpHeaders, endStream: boolean): ClientHttp2Stream | undefined {
    if (this.#http2.closed || this.#http2.destroyed) return undefined;
    this.#used = true;
    return this.#http2.request(fields, { endStream });
  }

  /** One of its places is free again. */
  left(carriage: StreamCarriage): void {
    if (this.#waiting.delete(carriage)) this.#isLate = true;
    if (!this.#carriages.delete(carriage) || this.#carriages.size > 0) return;
    this.#unproven = this.#used;
    if (this.#state === 'connecting') this.#http2.destroy();
    else if (this.#state === 'retired') this.#http2.close();
    else if (!this.#pinging) this.deadline = this.now + IDLE_MS;
  }

  /** Takes no more requests, and ends with the last. */
  retire(): void {
    if (this.#state === 'ended') return;
    this.#state = 'retired';
    if (this.#carriages.size === 0) this.#http2.close();
  }

  /** Ends with everything on it. */
  cut(cause: string): void {
    this.#failure ??= connectFailed(cause);
    for (const carriage of [...this.#carriages]) guarded(() => carriage.cut(cause));
    this.#http2.destroy();
  }

  /** The app has said that it did not, and will not, look at this stream. */
  refused(stream: ClientHttp2Stream): boolean {
    return (stream.id ?? 0) > this.#lastTaken;
  }

  /** Something has come from the app. */
  heard(): void {
    this.#unproven = false;
    this.#heardAt = this.now;
  }

  /** A request was waited for in vain: is there anybody? @param since when it was sent */
  doubt(since: number): void {
    const isSilent = this.#heardAt <= since && this.now - since >= PING_AFTER_MS;
    if (!isSilent || this.#pinging || this.#http2.destroyed) return;
    this.#pinging = true;
    this.deadline = this.now + PING_MS;
    this.#http2.ping(() => {
      this.#pinging = false;
      this.deadline = this.#carriages.size === 0 ? this.now + IDLE_MS : 0;
    });
  }

  expire(): void {
    if (this.#pinging) this.cut('the app does not answer any more');
    else this.#http2.close();
  }

  #connected(socket: Socket): void {
    if (socket instanceof TLSSocket && socket.alpnProtocol !== 'h2') {
      this.#failure = wrongServer('it does not offer the protocol that is wanted (ALPN)');
      this.#http2.destroy();
      return;
    }
    this.#http2.setLocalWindowSize(SESSION_WINDOW);
  }

  /** Only with these is it certain that the app speaks HTTP/2, and how much it takes. */
  #settled(most = STREAMS_MAX): void {
    this.#most = Math.max(1, Math.min(most, STREAMS_MAX));
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    if (this.#carriages.size === 0) this.deadline = this.now + IDLE_MS;
    this.#user.opened(this);
  }

  /** Those who waited for it to open, as many as it takes; the others have lost their place. */
  admitWaiting(): {
    readonly here: readonly StreamCarriage[];
    readonly elsewhere: readonly StreamCarriage[];
  } {
    const all = [...this.#waiting];
    this.#waiting.clear();
    const elsewhere = all.slice(this.#most);
    for (const carriage of elsewhere) this.#carriages.delete(carriage);
    return { here: all.slice(0, this.#most), elsewhere };
  }

  #ended(): void {
    const never = this.#state === 'connecting';
    this.#state = 'ended';
    this.#user.sweeper.remove(this);
    const failure = this.#failure ?? connectFailed('the connection was closed');
    this.#user.ended(this, never ? failure : undefined);
    for (const carriage of [...this.#waiting]) guarded(() => carriage.fail(failure));
  }
}

function unusable(error: NodeJS.ErrnoException, secure: boolean): Failure {
  const isForeign = error.code?.startsWith('ERR_HTTP2_') ?? false;
  return isForeign ? wrongServer('it does not speak HTTP/2') : dialFailure(error, secure);
}

/** A bug costs what it is about, and not the process. */
export function guarded(action: () => void): void {
  try {
    action();
  } catch (error) {
    report(error);
  }
}
