/** An Exchange between a client and apps that are played here: whatever happens in whatever order, it keeps its promises. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../kit/clock.ts';
import type { EdgePool, EdgeTable } from '../protocol/edge-table.ts';
import type { UpstreamRules } from '../protocol/traffic-rules.ts';
import type { Caller, Carriage } from './carriage.ts';
import type { Answer, ClientSide } from './client-side.ts';
import { Edge } from './edge.ts';
import { badAnswer, connectFailed, died } from './failure.ts';
import { Exchange } from './forward.ts';
import { Forwarder, Trust } from './forwarded.ts';
import { RequestWriter } from './headers.ts';
import { parseRequestHead, type RequestHead } from './http1/request-head.ts';
import { ownHead } from './own-head.ts';
import type { Pool } from './pool.ts';
import type { Sweepable } from './sweeper.ts';
import type { Target } from './target.ts';

const NOTHING = Buffer.alloc(0);
const TARGETS = 3;

/** How an app treats a request that it has. gone: nothing of it could be handed over. */
type Fate = 'ok' | '503' | 'gone' | 'died' | 'broken' | 'cut' | 'silent';

/** One time that a request was sent: what of its body went, and what came of it. */
interface Send {
  body: number;
  writes: number;
  readonly reused: boolean;
  fate: Fate | 'unknown';
}

class World {
  readonly clock = new FakeClock(1_000_000);
  readonly edge: Edge;
  readonly pool: Pool;
  readonly clients: PlayedClient[] = [];
  /** Connections that wait for what the app does. */
  readonly open: PlayedCarriage[] = [];
  /** In the order in which they were sent. */
  readonly sent: PlayedClient[] = [];
  readonly notices: string[] = [];
  readonly #table: EdgeTable;

  constructor(rules: UpstreamRules, maxWaiting = 5) {
    const targets = Array.from({ length: TARGETS }, (_, i) => ({
      id: `web.${i}#1`,
      address: { path: `/nowhere/${i}` },
      guest: false,
      state: 'ready' as const,
    }));
    const pool: EdgePool = { sticky: 'none', targets, hold: { timeoutMs: 2_000, maxWaiting }, rules };
    this.#table = {
      version: 1,
      sites: [{ host: '*', routes: [{ prefix: '/', pool: 'web' }] }],
      pools: { web: pool },
      unknownHost: 404,
      trust: [],
      limits: {
        headTimeoutMs: 10_000,
        bodyIdleMs: 3_000,
        keepAliveMs: 30_000,
        upstreamTimeoutMs: 3_000,
        connectionsPerIp: 0,
        bodyBytes: 0,
        memoryBytes: 0,
      },
      accessLog: null,
      http2: { tls: false, cleartext: false, webSockets: false, maxStreams: 1 },
      proxyProtocol: false,
    };
    this.edge = new Edge(
      this.#table,
      {
        retired() {},
        log() {},
        notice: (text) => this.notices.push(text),
        failed(error) {
          throw error;
        },
      },
      undefined,
      this.clock,
    );
    this.pool = this.edge.site('a')?.route('/')?.place as Pool;
    for (const target of this.pool.targets) play(this, target);
  }

  ask(method: string, body: 'none' | 'whole' | 'part'): PlayedClient {
    const client = new PlayedClient(this, method, body);
    this.clients.push(client);
    client.begin();
    return client;
  }

  /** Puts a table in force in which only these targets are ready. */
  ready(which: readonly boolean[]): void {
    const web = this.#table.pools.web as EdgePool;
    const targets = web.targets.map((target, i) => ({
      ...target,
      state: which[i] ? ('ready' as const) : ('draining' as const),
    }));
    this.edge.apply({ ...this.#table, pools: { web: { ...web, targets } } });
  }

  /** Lets everything end. */
  end(): void {
    for (let i = 0; i < 200 && this.clients.some(({ ends }) => ends === 0); i++) {
      this.clock.advance(1_000);
      for (const carriage of [...this.open]) carriage.act('ok');
      for (const client of this.clients) client.more(true);
    }
    this.edge.sweeper.close();
  }
}

/** Puts played connections in the place of real ones. */
function play(world: World, target: Target): void {
  const idle: PlayedCarriage[] = [];
  const connections = {
    takeIdle(caller: Caller) {
      const old = idle.pop();
      return old && new PlayedCarriage(world, caller, idle, true);
    },
    connect: (caller: Caller) => new PlayedCarriage(world, caller, idle, false),
    follow() {},
    keepIdle() {},
    cut() {},
  };
  Object.defineProperty(target, 'connections', { value: connections });
}

class PlayedCarriage implements Carriage {
  readonly congested = false;
  readonly reused: boolean;
  readonly #world: World;
  readonly #caller: Caller;
  readonly #idle: PlayedCarriage[];
  #connected: boolean;
  #send: Send | undefined;
  #answering = false;

  constructor(world: World, caller: Caller, idle: PlayedCarriage[], reused: boolean) {
    this.#world = world;
    this.#caller = caller;
    this.#idle = idle;
    this.reused = reused;
    this.#connected = reused;
    world.open.push(this);
  }

  open(...[requests, , , , body]: Parameters<Carriage['open']>): void {
    assert.ok(!this.#send, 'one request at a time');
    this.#send = { body: body.length, writes: 1, reused: this.reused, fate: 'unknown' };
    // The writer is the client's own: that is how it can be told whose request this is.
    const client = this.#world.clients.find((client) => client.requests === requests);
    client?.sends.push(this.#send);
    if (client) this.#world.sent.push(client);
  }

  send(_buffer: Buffer, from: number, to: number): void {
    assert.ok(this.#send);
    this.#send.body += to - from;
    this.#send.writes++;
  }

  pause(): void {}
  resume(): void {}

  release(complete: boolean): void {
    this.#close();
    if (complete) this.#idle.push(this);
  }

  abandon(): void {
    this.#close();
  }

  #close(): void {
    const index = this.#world.open.indexOf(this);
    assert.ok(index >= 0, 'it is given up once');
    this.#world.open.splice(index, 1);
  }

  /** The app does something. */
  act(fate: Fate): void {
    if (fate === 'silent') return;
    if (!this.#connected) {
      this.#connected = true;
      if (fate === 'ok' || fate === '503') this.#caller.onConnected();
      else {
        this.#close();
        this.#caller.onFailure(connectFailed('ECONNREFUSED'));
      }
      return;
    }
    if (!this.#send) return;
    if (fate === 'gone' && !this.#answering && this.#send.writes === 1) {
      this.#send.fate = fate;
      this.#fail(connectFailed('EPIPE'));
      return;
    }
    if (this.#answering) {
      if (fate === 'ok') this.#caller.onAnswerBytes(NOTHING, 0, 0, true);
      else this.#fail(badAnswer('cut off'));
      return;
    }
    this.#send.fate = fate;
    if (fate === 'ok' || fate === '503') {
      this.#caller.onAnswer(ownHead(fate === 'ok' ? 200 : 503, [], 0), NOTHING, 0, 0, true);
    } else if (fate === 'cut') {
      this.#answering = true;
      this.#caller.onAnswer(ownHead(200, [], 10), Buffer.from('12345'), 0, 5, false);
    } else this.#fail(fate === 'died' ? died('ECONNRESET') : badAnswer('no HTTP'));
  }

  #fail(failure: ReturnType<typeof died>): void {
    this.#close();
    this.#caller.onFailure(failure);
  }
}

class PlayedClient implements ClientSide, Sweepable {
  deadline = 0;
  readonly ip = '192.0.2.1';
  readonly edge: Edge;
  readonly requests = new RequestWriter();
  readonly method: string;
  readonly sends: Send[] = [];
  /** How often it got an answer, or the end of one, or left. */
  ends = 0;
  status = 0;
  extra = '';
  readonly channel = {
    congested: false,
    unwritten: 0,
    secured: undefined,
    pause() {},
    watch() {},
    guard: (action: () => void) => action(),
  };
  readonly #exchange: Exchange;
  readonly #head: RequestHead;
  readonly #body: 'none' | 'whole' | 'part';
  #bodyDone: boolean;

  constructor(world: World, method: string, body: 'none' | 'whole' | 'part') {
    this.edge = world.edge;
    this.method = method;
    this.#body = body;
    this.#bodyDone = body !== 'part';
    const length = body === 'none' ? '' : 'Content-Length: 8\r\n';
    const text = `${method} / HTTP/1.1\r\nHost: a\r\n${length}\r\n`;
    this.#head = parseRequestHead(text, text.length - 4, undefined) as RequestHead;
    world.edge.sweeper.add(this);
    this.#exchange = new Exchange(this, this.#head, this.#bodyDone);
  }

  begin(): void {
    const bytes = this.#body === 'none' ? 0 : this.#body === 'whole' ? 8 : 4;
    this.#exchange.begin(Buffer.alloc(8), 0, bytes);
  }

  more(done: boolean): void {
    if (this.#bodyDone || this.ends > 0) return;
    this.#bodyDone = done;
    this.#exchange.more(Buffer.alloc(8), 0, done ? 3 : 1, done);
  }

  leave(): void {
    if (this.ends > 0) return;
    this.#exchange.abandon();
    this.#end(0);
  }

  expire(): void {
    this.#exchange.expire();
  }

  client(head: RequestHead) {
    const peer = { ip: this.ip, port: 1, scheme: 'http', localPort: 80, certificateLines: '' } as const;
    return new Forwarder(peer, new Trust([])).describe(head);
  }

  resumeReading(): void {}
  interim(): void {}

  answer(_request: RequestHead, head: { readonly status: number }): Answer {
    assert.equal(this.ends, 0, 'answered after the end');
    this.status = head.status;
    return { status: head.status, bytes: 0, endsByClose: false, write() {} };
  }

  finished(): void {
    this.#end(this.status);
  }

  answerLocally(status: number, _message: string, _head: RequestHead, _keep: boolean, extra: string): void {
    this.extra = extra;
    this.#end(status);
  }

  cutOff(): void {
    this.#end(this.status);
  }

  switched(): void {}

  #end(status: number): void {
    this.ends++;
    this.status = status;
    this.edge.sweeper.remove(this);
    assert.equal(this.ends, 1, 'it ends once');
  }
}

const IDEMPOTENT = ['GET', 'PUT'];

/** Every send but the last must have been one after which it could not hurt to send the request again. */
function checkSends({ method, sends }: PlayedClient): void {
  sends.forEach(({ fate, body }, i) => {
    const next = sends[i + 1];
    if (!next) return;
    if (fate === 'gone') {
      assert.ok(next.body >= body, 'with all of its body');
      return;
    }
    assert.equal(fate, 'died', 'only a request that got no byte of an answer is sent again');
    assert.equal(body, 0, 'nothing of a body was sent');
    assert.ok(IDEMPOTENT.includes(method), `${method} is sent once`);
  });
  const deaths = sends.filter(({ fate, reused }) => fate === 'died' && !reused);
  assert.ok(deaths.length <= 2, 'two instances may die of it, and no more');
}

const rules = (more: Partial<UpstreamRules>): UpstreamRules => ({
  protocol: 'http/1.1',
  inFlight: null,
  outliers: null,
  slowStartMs: 0,
  retries: { share: 0.2, perSecond: 10 },
  ...more,
});

const fate = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Fate>('ok', 'died') },
  { weight: 1, arbitrary: fc.constantFrom<Fate>('503', 'gone', 'broken', 'cut', 'silent') },
);
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ask: fc.constantFrom('GET', 'POST', 'PUT'),
      body: fc.constantFrom('none', 'whole', 'part'),
    }),
  },
  { weight: 8, arbitrary: fc.record({ act: fc.nat(20), fate }) },
  { weight: 1, arbitrary: fc.record({ leave: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ more: fc.nat(20), done: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 4_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ ready: fc.array(fc.boolean(), { minLength: TARGETS, maxLength: TARGETS }) }),
  },
);

const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(1, list.length)];

test('every request ends once, is sent again only where that cannot hurt, and within the budget; nobody stays', () => {
  const limits = fc.record({
    inFlight: fc.option(
      fc.record({ max: fc.integer({ min: 1, max: 3 }), maxWaiting: fc.nat(4), timeoutMs: fc.nat(2_000) }),
    ),
    outliers: fc.option(fc.constant({ failures: 2, ejectMs: 1_000, maxEjectMs: 4_000, maxShare: 0.7 })),
    slowStartMs: fc.constantFrom(0, 5_000),
    retries: fc.record({ share: fc.constantFrom(0, 0.2), perSecond: fc.constantFrom(0, 0.1, 1) }),
  });
  fc.assert(
    fc.property(limits, fc.array(command, { maxLength: 80 }), (limits, commands) => {
      const world = new World(rules(limits));
      const begun = world.clock.now();
      for (const command of commands) {
        if ('ask' in command) world.ask(command.ask, command.body as 'none');
        else if ('act' in command) pick(world.open, command.act)?.act(command.fate);
        else if ('leave' in command) pick(world.clients, command.leave)?.leave();
        else if ('more' in command) pick(world.clients, command.more)?.more(command.done);
        else if ('wait' in command) world.clock.advance(command.wait);
        else world.ready(command.ready);
        if (limits.inFlight)
          assert.ok(world.open.length <= limits.inFlight.max, 'more than may be in flight');
      }
      const { share, perSecond } = limits.retries;
      const again = world.clients
        .flatMap(({ sends }) => sends.slice(0, -1))
        .filter(({ fate }) => fate === 'died');
      const seconds = (world.clock.now() - begun) / 1_000;
      const sent = world.clients.filter(({ sends }) => sends.length > 0).length;
      const brought = share * sent + perSecond * (10 + seconds);
      assert.ok(again.length <= brought, `${again.length} were sent again, and the budget is ${brought}`);
      world.end();
      for (const client of world.clients) {
        assert.equal(client.ends, 1);
        checkSends(client);
      }
      assert.equal(world.pool.waiting.size, 0);
      for (const target of world.pool.targets) assert.equal(target.requests, 0);
      assert.equal(world.open.length, 0);
      if (limits.inFlight) {
        for (let i = 0; i < limits.inFlight.max; i++) {
          assert.ok(!world.pool.full, 'somebody still has a place');
          world.pool.enter();
        }
        assert.ok(world.pool.full);
      }
    }),
    { numRuns: 600 },
  );
});

test('a request at which two instances die is not sent to a third', () => {
  const world = new World(rules({}));
  const client = world.ask('GET', 'none');
  for (const fate of ['ok', 'died', 'ok', 'died', 'ok', 'died'] as const) world.open[0]?.act(fate);
  assert.equal(client.status, 502);
  assert.equal(client.sends.length, 2);
});

test('what an app has not seen is sent again, body and all, and costs no budget; but not when some of the body is gone', () => {
  const world = new World(rules({ retries: { share: 0, perSecond: 0 } }));
  const whole = world.ask('POST', 'whole');
  for (const fate of ['gone', 'ok', 'gone', 'ok', 'ok'] as const) world.open[0]?.act(fate);
  assert.equal(whole.status, 200);
  assert.deepEqual(
    whole.sends.map(({ body }) => body),
    [8, 8],
  );
  const part = world.ask('POST', 'part');
  world.open[0]?.act('gone');
  assert.equal(part.status, 502);
  assert.equal(part.sends.length, 1);
});

test('a client that does not read its answer is cut off, and its app has done nothing wrong', () => {
  const world = new World(
    rules({ outliers: { failures: 1, ejectMs: 1_000, maxEjectMs: 1_000, maxShare: 1 } }),
  );
  const client = world.ask('GET', 'none');
  world.open[0]?.act('ok');
  client.channel.congested = true;
  client.channel.unwritten = 100;
  world.open[0]?.act('cut');
  for (let left = 99; left > 90; left--) {
    world.clock.advance(3_200);
    assert.equal(client.ends, 0, 'it reads slowly');
    client.channel.unwritten = left;
  }
  world.clock.advance(7_000);
  assert.equal(client.ends, 1);
  assert.deepEqual(world.notices, []);
  world.end();
});

test('a client that stops in the middle of its body is cut off, and the app that answers already has done nothing wrong', () => {
  const world = new World(
    rules({ outliers: { failures: 1, ejectMs: 1_000, maxEjectMs: 1_000, maxShare: 1 } }),
  );
  const client = world.ask('POST', 'part');
  world.open[0]?.act('ok');
  world.open[0]?.act('cut');
  world.clock.advance(7_000);
  assert.equal(client.ends, 1);
  assert.deepEqual(world.notices, []);
  world.end();
});

test('an app that is full gets the next request when one has ended, in their order; what is too much is told so at once', () => {
  const world = new World(rules({ inFlight: { max: 2, maxWaiting: 3, timeoutMs: 1_000 } }));
  world.ready([true, false, false]);
  const all = Array.from({ length: 8 }, () => world.ask('GET', 'none'));
  assert.deepEqual(
    all.map(({ status }) => status),
    [0, 0, 0, 0, 0, 503, 503, 503],
  );
  assert.match(all[5]?.extra ?? '', /^Retry-After: 1\r\n/);
  for (const carriage of [...world.open]) carriage.act('ok');
  while (world.open.length > 0) {
    assert.ok(world.open.length <= 2);
    pick(world.open, world.sent.length)?.act('ok');
  }
  assert.deepEqual(world.sent, all.slice(0, 5));
  world.end();
});

test('requests that are turned away do not pay for those of others that are sent again', () => {
  const inFlight = { max: 1, maxWaiting: 0, timeoutMs: 0 };
  const world = new World(rules({ inFlight, retries: { share: 0.5, perSecond: 0 } }));
  const first = world.ask('GET', 'none');
  for (let i = 0; i < 20; i++) assert.equal(world.ask('GET', 'none').status, 503);
  for (const fate of ['ok', 'died'] as const) world.open[0]?.act(fate);
  assert.equal(first.status, 502);
});

test('who waits for room waits as long as the rules say, and a client that leaves makes room in the queue', () => {
  const world = new World(rules({ inFlight: { max: 1, maxWaiting: 1, timeoutMs: 1_000 } }));
  const first = world.ask('GET', 'none');
  const second = world.ask('GET', 'none');
  second.leave();
  const third = world.ask('GET', 'none');
  assert.equal(third.status, 0);
  world.clock.advance(1_400);
  assert.equal(third.status, 503);
  assert.equal(first.status, 0);
  world.end();
});

test('one queue: who waits for a target keeps the place, and goes in as there is room', () => {
  const world = new World(rules({ inFlight: { max: 1, maxWaiting: 1, timeoutMs: 1_000 } }));
  world.ready([false, false, false]);
  const all = Array.from({ length: 4 }, () => world.ask('GET', 'none'));
  world.ready([true, false, false]);
  assert.equal(world.open.length, 1);
  assert.equal(world.pool.waiting.size, 3);
  assert.equal(world.ask('GET', 'none').status, 503, 'the queue is longer than it may be for want of room');
  for (const client of all) {
    for (let i = 0; i < 2; i++) world.open[0]?.act('ok');
    assert.equal(client.status, 200, 'in their order');
  }
  world.end();
});

test('a target that joins others gets its share by and by', () => {
  const world = new World(rules({ slowStartMs: 10_000 }));
  const late = world.pool.targets[2] as Target;
  const round = () => {
    let got = 0;
    for (let i = 0; i < 60; i++) {
      world.ask('GET', 'none');
      got += late.requests;
      while (world.open.length > 0) world.open[0]?.act('ok');
    }
    return got;
  };
  world.ready([true, true, false]);
  world.clock.advance(60_000);
  assert.equal(round(), 0);
  world.ready([true, true, true]);
  const got = [round()];
  for (let i = 0; i < 2; i++) {
    world.clock.advance(5_000);
    got.push(round());
  }
  assert.ok(
    (got[0] as number) < 5 && (got[1] as number) > 6 && (got[1] as number) < 14 && got[2] === 20,
    `${got}`,
  );
  world.end();
});

test('a target that fails again and again gets nothing for a while, then one request, then its share', () => {
  const world = new World(
    rules({ outliers: { failures: 2, ejectMs: 1_000, maxEjectMs: 4_000, maxShare: 0.5 } }),
  );
  const bad = world.pool.targets[0] as Target;
  let failing = true;
  /** One request after the other; the bad target answers 503 as long as it fails. Returns how many it got. */
  const round = (count: number) => {
    let got = 0;
    for (let i = 0; i < count; i++) {
      world.ask('GET', 'none');
      const isBad = bad.requests > 0;
      if (isBad) got++;
      while (world.open.length > 0) world.open[0]?.act(isBad && failing ? '503' : 'ok');
    }
    return got;
  };
  assert.ok(round(9) > 0);
  assert.equal(round(9), 0);
  assert.match(
    world.notices[0] ?? '',
    /^web\.0#1 is ejected for 1 s after 2 failures in a row, the last: it answered 503$/,
  );
  world.clock.advance(1_200);
  for (const left of Array.from({ length: 6 }, () => world.ask('GET', 'none'))) left.leave();
  assert.equal(round(9), 1, 'one tries it, and if that leaves another one');
  failing = false;
  world.clock.advance(1_200);
  assert.equal(round(9), 0, 'twice as long');
  world.clock.advance(1_200);
  assert.ok(round(9) > 1);
  assert.equal(world.notices.at(-1), 'web.0#1 is restored');
  assert.equal(world.notices.length, 3);
  assert.equal(bad.ejections, 2);
  world.end();
});
