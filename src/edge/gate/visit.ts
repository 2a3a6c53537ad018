/** A request at a site with a gate: counted, written down, and answered in the site's own words. */
import { Booking } from '../booking.ts';
import type { ClientSide } from '../client-side.ts';
import type { Client } from '../forwarded.ts';
import { fieldValue } from '../http1/field-value.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { localBytes } from '../local-answer.ts';
import { type Gate, requestIdOf, type Saying } from './gate.ts';

export class Visit {
  readonly side: ClientSide;
  readonly gate: Gate;
  readonly client: Client;
  /** What is passed on: rewritten, and without what the edge says itself. */
  readonly head: RequestHead;
  readonly requestId: string;
  readonly booking: Booking;
  readonly #host: string;

  /** @param host of the site, in the table */
  constructor(side: ClientSide, gate: Gate, host: string, head: RequestHead) {
    const client = side.client(head);
    const { requestId } = gate.content;
    this.side = side;
    this.gate = gate;
    this.#host = host;
    if (!requestId) {
      this.requestId = '';
      this.client = client;
      this.head = gate.rewritten(head);
      this.booking = new Booking(side, head, client);
      return;
    }
    const believed = side.edge.trust.includes(side.ip) ? fieldValue(head.fields, 'x-request-id') : undefined;
    this.requestId = requestIdOf(believed);
    this.client = { ...client, lines: `${client.lines}X-Request-Id: ${this.requestId}\r\n` };
    this.head = gate.rewritten({ ...head, hopNames: [...head.hopNames, 'x-request-id'] });
    this.booking = new Booking(side, head, client, this.requestId);
  }

  /** The number of the request as a field line. */
  get idLine(): string {
    return this.requestId === '' ? '' : `X-Request-Id: ${this.requestId}\r\n`;
  }

  /** Field lines of pages of the edge's own. */
  get pageLines(): string {
    return this.gate.fields.pageLines + this.idLine;
  }

  /** Field lines of every answer that no app has given. */
  get lines(): string {
    return this.idLine + (this.side.edge.policy?.fields(this.#host, this.client.scheme) ?? '');
  }

  arrived(): void {
    this.booking.arrived(this.#host);
  }

  /** Counts and writes down what has become of it; only once. */
  left(status: number, bytes: number, by: string): void {
    this.booking.close(status, bytes, by);
  }

  /** Whether the connection may carry another request after this one. `requestDone`: all of it was read. */
  keeps(requestDone: boolean): boolean {
    return requestDone && this.head.keepAlive && !this.side.edge.draining;
  }

  /** Answers in the edge's own words. */
  say({ status, message, extra, html }: Saying, requestDone: boolean, cause = message): void {
    const page = html ?? this.gate.pageFor(status);
    this.left(status, localBytes(this.head, { status, message, html: page }), cause);
    const lines = extra + this.gate.fields.pageLines + this.lines;
    this.side.answerLocally(status, message, this.head, this.keeps(requestDone), lines, page);
  }
}

/** What an exchange needs to know of it. */
export type Visited = Pick<Visit, 'gate' | 'client' | 'booking' | 'idLine' | 'pageLines'>;
