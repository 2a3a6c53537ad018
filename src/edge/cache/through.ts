/** The connection of a client, for an exchange whose answer somebody wants to see first. */
import type { Answer, Channel, ClientSide } from '../client-side.ts';
import type { Edge } from '../edge.ts';
import type { Client } from '../forwarded.ts';
import type { RequestWriter } from '../headers.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';

export class Through implements ClientSide {
  readonly protocol?: 'HTTP/2.0';
  protected readonly side: ClientSide;

  constructor(side: ClientSide) {
    this.side = side;
    if (side.protocol) this.protocol = side.protocol;
  }

  get channel(): Channel {
    return this.side.channel;
  }

  get edge(): Edge {
    return this.side.edge;
  }

  get ip(): string {
    return this.side.ip;
  }

  get deadline(): number {
    return this.side.deadline;
  }

  set deadline(time: number) {
    this.side.deadline = time;
  }

  get requests(): RequestWriter {
    return this.side.requests;
  }

  client(head: RequestHead): Client {
    return this.side.client(head);
  }

  resumeReading(): void {
    this.side.resumeReading();
  }

  interim(request: RequestHead, head: ResponseHead): void {
    this.side.interim(request, head);
  }

  answer(request: RequestHead, head: ResponseHead, keep: boolean, extra: string): Answer {
    return this.side.answer(request, head, keep, extra);
  }

  finished(keep: boolean): void {
    this.side.finished(keep);
  }

  answerLocally(...answer: Parameters<ClientSide['answerLocally']>): void {
    this.side.answerLocally(...answer);
  }

  cutOff(reset: boolean): void {
    this.side.cutOff(reset);
  }

  switched(...connection: Parameters<ClientSide['switched']>): void {
    this.side.switched(...connection);
  }
}
