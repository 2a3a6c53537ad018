/** Connections of a door whose clients stand behind another proxy: each begins with a PROXY header, which says who it is. */
import type net from 'node:net';
import { plainIp } from '../forwarded.ts';
import type { Sweepable, Sweeper } from '../sweeper.ts';
import { tellEnds } from './ends.ts';
import { readProxyHeader } from './read.ts';

/** Between two notices. */
const TELL_MS = 60_000;

export interface PrefacesUser {
  readonly sweeper: Sweeper;
  /** Whether this peer may speak for others. */
  trusts(ip: string): boolean;
  /** It was turned away. */
  refused(ip: string, reason: string): void;
  /** Something that people should know. */
  notice(text: string): void;
  /** A connection has ended here, and nothing of it is left. */
  lost(): void;
  /** A bug has cost a connection. */
  failed(error: unknown): void;
}

export class Prefaces {
  readonly #user: PrefacesUser;
  readonly #open = new Set<Preface>();
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(user: PrefacesUser) {
    this.#user = user;
  }

  /** Connections whose header has not come yet. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Reads the header of a connection that a server with `pauseOnConnect` accepted, and takes it off.
   * @param deadline by when the header must be there
   * @param next takes the connection as it came but for the header; see `endsOf`
   */
  read(socket: net.Socket, deadline: number, next: (socket: net.Socket) => void): void {
    const ip = plainIp(socket.remoteAddress ?? '');
    if (!this.#user.trusts(ip)) {
      socket.destroy();
      this.#refuse(ip, 'PROXY headers are taken of peers in "trust" only');
      return;
    }
    const { sweeper } = this.#user;
    const preface = new Preface(socket, deadline, (outcome) => {
      this.#open.delete(preface);
      sweeper.remove(preface);
      if (outcome === 'done') this.#pass(socket, next);
      else {
        socket.destroy();
        // Load balancers look whether the port is open, and say nothing.
        if (outcome !== 'ended') this.#refuse(ip, outcome);
        this.#user.lost();
      }
    });
    this.#open.add(preface);
    sweeper.add(preface);
    preface.begin();
  }

  #refuse(ip: string, reason: string): void {
    const { now } = this.#user.sweeper;
    this.#user.refused(ip, reason);
    // Whoever has set it up wrong has no other way to learn why nobody gets through.
    if (now - this.#toldAt < TELL_MS) return;
    this.#toldAt = now;
    this.#user.notice(`A connection from ${ip || 'a unix socket'} was refused: ${reason}`);
  }

  #pass(socket: net.Socket, next: (socket: net.Socket) => void): void {
    try {
      next(socket);
    } catch (error) {
      socket.destroy();
      this.#user.failed(error);
    }
  }

  /** Whoever has said nothing until then is cut off. */
  hurry(deadline: number): void {
    for (const preface of this.#open) if (preface.deadline > deadline) preface.deadline = deadline;
  }
}

class Preface implements Sweepable {
  deadline: number;
  readonly #socket: net.Socket;
  readonly #done: (outcome: string) => void;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(socket: net.Socket, deadline: number, done: (outcome: string) => void) {
    this.#socket = socket;
    this.deadline = deadline;
    this.#done = done;
  }

  begin(): void {
    const socket = this.#socket;
    socket.on('data', this.#take).on('error', ignore).on('end', this.#ended).on('close', this.#ended);
    socket.resume();
  }

  expire(): void {
    this.#end(this.#bytes.length === 0 ? 'ended' : 'the PROXY header did not come in time');
  }

  readonly #ended = () => this.#end('ended');

  readonly #take = (chunk: Buffer): void => {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const header = readProxyHeader(this.#bytes);
    if (header === 'more') return;
    if (header === 'malformed') {
      this.#end('the connection does not begin with a PROXY header');
      return;
    }
    const socket = this.#socket;
    if (header.ends) tellEnds(socket, header.ends);
    socket.pause();
    if (header.size < this.#bytes.length) socket.unshift(this.#bytes.subarray(header.size));
    this.#end('done');
  };

  #end(outcome: string): void {
    const socket = this.#socket;
    socket.off('data', this.#take).off('end', this.#ended).off('close', this.#ended);
    if (outcome === 'done') socket.off('error', ignore);
    this.#done(outcome);
  }
}

function ignore(): void {}
