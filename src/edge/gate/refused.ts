/** Answers a request that cannot be taken, at a site without a gate. */
import { Booking } from '../booking.ts';
import type { Answering, ClientSide } from '../client-side.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { localBytes } from '../local-answer.ts';
import type { Pool } from '../pool.ts';
import type { Site } from '../routes.ts';

export class Refused implements Answering {
  readonly #side: ClientSide;
  readonly #site: Site<Pool>;
  readonly #head: RequestHead;
  readonly #refusal: Refusal;

  constructor(side: ClientSide, site: Site<Pool>, head: RequestHead, refusal: Refusal) {
    this.#side = side;
    this.#site = site;
    this.#head = head;
    this.#refusal = refusal;
  }

  begin(): void {
    const side = this.#side;
    const head = this.#head;
    const { host } = this.#site;
    const { status, reason } = this.#refusal;
    const client = side.client(head);
    const booking = new Booking(side, head, client);
    booking.arrived(host);
    booking.route = this.#site.route(head.path)?.prefix ?? '';
    booking.close(status, localBytes(head, { status, message: reason }), reason);
    side.answerLocally(status, reason, head, false, side.edge.policy?.fields(host, client.scheme) ?? '');
  }

  more(): void {}
  refuse(): void {}
  abandon(): void {}
  expire(): void {}
  clientDrained(): void {}
}
