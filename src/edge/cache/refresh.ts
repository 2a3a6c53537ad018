/** Asks the app for a new answer while clients still get the old one (RFC 5861 section 3). */
import { Booking } from '../booking.ts';
import type { Answer, Channel, ClientSide } from '../client-side.ts';
import type { Edge } from '../edge.ts';
import { Exchange } from '../forward.ts';
import type { Client } from '../forwarded.ts';
import type { Visit } from '../gate/visit.ts';
import { RequestWriter } from '../headers.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { Sweepable } from '../sweeper.ts';
import type { Asked } from './asked.ts';
import { asking } from './asking.ts';
import type { Cache } from './cache.ts';
import { Fetch } from './fetch.ts';
import type { Stored } from './stored.ts';

const NOTHING = Buffer.alloc(0);

/** At most one for an address at a time. @param visit of the client that got the stale answer */
export function refresh(visit: Visit, cache: Cache, asked: Asked, stale: Stored): void {
  if (cache.flight(asked.crowd)) return;
  const flight = cache.takeOff(asked.crowd);
  // In nobody's name: what comes back is to be for all.
  const own = ['authorization', 'cookie'].filter((name) => !stale.names.includes(name));
  const request = asking(visit.head, stale, own);
  const nameless = { ...asked, personal: own.length < 2 && asked.personal };
  const errand = new Errand(visit);
  const fetch = new Fetch(
    errand,
    { cache, asked: nameless, request, stale },
    {
      passing: () => {},
      instead: () => errand.finished(),
      enough: () => errand.giveUp(),
      mistaken: () => errand.finished(),
      begun: (now) => flight.begun(now),
      settled: (outcome) => cache.land(flight, outcome),
    },
  );
  const { gate, client } = visit;
  const booking = new Unbooked(errand, request, client);
  errand.run(new Exchange(fetch, request, true, { gate, client, booking, idLine: '', pageLines: '' }), fetch);
}

/** No client is waiting for it. */
class Unbooked extends Booking {
  override arrived(): void {}
  override close(): void {}
}

/** Stands where a connection would be; what is written there goes nowhere. */
class Errand implements ClientSide, Sweepable {
  deadline = 0;
  readonly edge: Edge;
  readonly ip: string;
  readonly channel: Channel;
  readonly requests = new RequestWriter();
  readonly #client: Client;
  #exchange: Exchange | undefined;
  #fetch: Fetch | undefined;

  constructor({ side, client }: Visit) {
    const { channel } = side;
    this.edge = side.edge;
    this.ip = side.ip;
    this.#client = client;
    this.channel = {
      congested: false,
      unwritten: 0,
      secured: channel.secured,
      pause() {},
      watch() {},
      guard: (action) => channel.guard(action),
    };
  }

  run(exchange: Exchange, fetch: Fetch): void {
    this.#exchange = exchange;
    this.#fetch = fetch;
    this.edge.sweeper.add(this);
    exchange.begin(NOTHING, 0, 0);
  }

  giveUp(): void {
    this.#exchange?.abandon();
  }

  expire(): void {
    this.#exchange?.expire();
  }

  client(): Client {
    return this.#client;
  }

  resumeReading(): void {}
  interim(): void {}

  answer(_request: RequestHead, { status }: { readonly status: number }): Answer {
    return { status, bytes: 0, endsByClose: false, write() {} };
  }

  finished(): void {
    this.edge.sweeper.remove(this);
    this.#fetch?.leave();
  }

  answerLocally(): void {
    this.finished();
  }

  cutOff(): void {
    this.finished();
  }

  /** Nobody asked for it. */
  switched(): void {
    this.finished();
  }
}
