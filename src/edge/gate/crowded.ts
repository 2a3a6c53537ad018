/** Turns a request away because the edge has no memory for it: at once, with few words, and without looking at its site. */
import { Booking } from '../booking.ts';
import type { Answering, ClientSide } from '../client-side.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { localBytes } from '../local-answer.ts';

export class Crowded implements Answering {
  readonly #side: ClientSide;
  readonly #head: RequestHead;

  constructor(side: ClientSide, head: RequestHead) {
    this.#side = side;
    this.#head = head;
  }

  begin(): void {
    const head = this.#head;
    const side = this.#side;
    const message = 'There is too much to do at the moment. Please try again';
    new Booking(side, head, side.client(head)).close(
      503,
      localBytes(head, { status: 503, message }),
      'too little memory',
    );
    side.answerLocally(503, message, head, false, 'Retry-After: 5\r\n');
  }

  more(): void {}
  refuse(): void {}
  abandon(): void {}
  expire(): void {}
  clientDrained(): void {}
}
