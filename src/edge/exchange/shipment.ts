/** A request on its way to an app: what of its body is there, what has been sent, and what may have to be sent again. */
import type { Carriage } from '../carriage.ts';
import { type ClientSide, READ_AHEAD_BYTES } from '../client-side.ts';
import type { Client } from '../forwarded.ts';
import type { RequestHead } from '../http1/request-head.ts';

const EMPTY = Buffer.alloc(0);

export class Shipment {
  /** The whole request has been read from the client. */
  done: boolean;
  /** Some of the body has gone to an app. */
  bodySent = false;
  /** What it goes on; undefined between two attempts, and when the app has done its part. */
  carriage: Carriage | undefined;
  readonly #side: ClientSide;
  readonly #head: RequestHead;
  readonly #client: Client;
  /** The body as far as it is there, as long as it may have to be sent (again). */
  #kept: Buffer | undefined;

  constructor(side: ClientSide, head: RequestHead, client: Client, done: boolean) {
    this.#side = side;
    this.#head = head;
    this.#client = client;
    this.done = done;
  }

  /** Some of the body is gone for good: the request cannot be sent again. */
  get lost(): boolean {
    return this.bodySent && this.#kept === undefined;
  }

  /** It is the client's turn: more of the body is to come, and there is room for it. */
  get waitsForClient(): boolean {
    return !this.done && !this.carriage?.congested;
  }

  /** What is kept is enough: the client waits with more. */
  get full(): boolean {
    return (this.#kept?.length ?? 0) >= READ_AHEAD_BYTES;
  }

  keep(buffer: Buffer, from: number, to: number): void {
    const piece = Buffer.from(buffer.subarray(from, to));
    this.#kept = this.#kept ? Buffer.concat([this.#kept, piece]) : piece;
  }

  /** It will not be sent again. */
  dropKept(): void {
    this.#kept = undefined;
  }

  /** Sends the head and what there is of the body. `identity`: do not let the app compress the answer. */
  open(identity: boolean): void {
    const carriage = this.carriage as Carriage;
    const body = this.#kept ?? EMPTY;
    // Of a body that goes on nothing can be repeated.
    if (!this.done) this.#kept = undefined;
    if (body.length > 0) this.bodySent = true;
    carriage.open(this.#side.requests, this.#head, this.#client, identity, body, this.done);
    if (this.done) return;
    if (carriage.congested) this.#side.channel.pause();
    else this.#side.resumeReading();
  }

  /** Sends more of the body, now that it has begun to go. */
  send(buffer: Buffer, from: number, to: number): void {
    const carriage = this.carriage as Carriage;
    this.#kept = undefined;
    if (to > from) this.bodySent = true;
    carriage.send(buffer, from, to, this.done);
    if (!this.done && carriage.congested) this.#side.channel.pause();
  }

  /** The app takes more. */
  drained(): void {
    if (!this.done) this.#side.resumeReading();
  }

  /** The app has answered: its connection may serve another request if all of this one was sent. */
  release(): void {
    const { carriage } = this;
    this.carriage = undefined;
    carriage?.release(this.done);
  }

  abandon(): void {
    const { carriage } = this;
    this.carriage = undefined;
    carriage?.abandon();
  }
}
