import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Test } from '../../../test/support/cleanup.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { acmeDefaults } from '../../config/app-defaults.ts';
import type { AcmePlan } from '../../config/plan.ts';
import { FakeClock } from '../../kit/clock.ts';
import type { NewEvent } from '../journal.ts';
import { Acme, type OrderRequest } from './acme.ts';
import type { Issued } from './order.ts';
import { AcmeProblem } from './problem.ts';
import { AcmeStore, kept } from './store.ts';
import { challengeCertificate } from './x509.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** A certificate of a challenge lives for so long, and is as good as any. */
const BEFORE = DAY;
const AFTER = 7 * DAY;
const START = Date.UTC(2026, 10, 23);

interface OpenOrder extends OrderRequest {
  give(issued?: Issued): Promise<void>;
  refuse(error: Error): Promise<void>;
}

/** A daemon, and an authority whose answers the test gives. */
class Daemon {
  readonly clock = new FakeClock(START);
  readonly events: Omit<NewEvent, 'seq'>[] = [];
  readonly orders: OpenOrder[] = [];
  served: readonly string[] = [];
  plan: AcmePlan = acmeDefaults;
  sites = new Map<string, readonly string[]>();
  canAnswer = true;
  advice: number | null = null;
  acme: Acme;
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
    this.acme = this.#start();
  }

  #start(): Acme {
    return new Acme({
      clock: this.clock,
      random: () => 0.5,
      journal: {
        record: (type, event = {}) => {
          this.events.push({ type, ...event });
          return { seq: 0, time: '', type };
        },
      },
      store: new AcmeStore(this.dir),
      wanted: () => this.sites,
      plan: () => this.plan,
      canAnswer: () => this.canAnswer,
      serve: (certificates) => {
        this.served = certificates.map(({ names }) => names.join());
      },
      order: (request) =>
        new Promise((resolve, reject) => {
          const settle = async (action: () => void) => {
            action();
            await settled();
          };
          this.orders.push({
            ...request,
            give: (issued = this.issue(request.names)) => settle(() => resolve(issued)),
            refuse: (error) => settle(() => reject(error)),
          });
        }),
      advice: async () => this.advice,
    });
  }

  restart(): void {
    this.acme.close();
    this.orders.length = 0;
    this.acme = this.#start();
    this.acme.changed();
  }

  want(...hosts: readonly string[]): void {
    this.sites = new Map(hosts.map((host) => [host, [host]]));
    this.acme.changed();
  }

  issue([name = '']: readonly string[]): Issued {
    return challengeCertificate(name, 'x', this.clock.now());
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  get types(): string[] {
    return this.events.map(({ type }) => type.replace('certificate.', ''));
  }

  get names(): string[] {
    return this.orders.map(({ names }) => names.join());
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function setUp(t: Test): Daemon {
  return new Daemon(join(tempDir(t), 'certificates'));
}

test('a first order waits until an edge can answer, and what comes is served and kept', async (t) => {
  const daemon = setUp(t);
  daemon.canAnswer = false;
  daemon.want('example.com');
  await daemon.pass(5 * MINUTE);
  assert.deepEqual(daemon.names, []);
  daemon.canAnswer = true;
  daemon.acme.look();
  assert.deepEqual(daemon.names, ['example.com']);
  await daemon.orders[0]?.give();
  assert.deepEqual(daemon.types, ['obtained']);
  assert.deepEqual(daemon.served, ['example.com']);
  daemon.served = [];
  daemon.restart();
  assert.deepEqual(daemon.served, ['example.com']);
  await daemon.pass(DAY);
  assert.deepEqual(daemon.names, []);
});

test('it is renewed at two thirds of its life, and while that fails the old one is served', async (t) => {
  const daemon = setUp(t);
  daemon.want('example.com');
  await daemon.orders[0]?.give();
  const renewAfter = (BEFORE + AFTER) * (2 / 3 - 0.025) - BEFORE;
  await daemon.pass(renewAfter - MINUTE);
  assert.equal(daemon.orders.length, 1);
  await daemon.pass(MINUTE);
  assert.equal(daemon.orders.length, 2);
  assert.deepEqual(daemon.orders[1]?.before?.names, ['example.com']);
  await daemon.orders[1]?.refuse(new Error('the web is down'));
  assert.deepEqual(daemon.served, ['example.com']);
  assert.match(daemon.events.at(-1)?.reason ?? '', /^example\.com: the web is down; next try in 1m$/);
  await daemon.pass(MINUTE);
  await daemon.orders[2]?.give();
  assert.deepEqual(daemon.types, ['obtained', 'failed', 'renewed']);
  await daemon.pass(MINUTE);
  assert.equal(daemon.orders.length, 3);
});

test('a server that says when to come again is not asked before, not even after a restart', async (t) => {
  const daemon = setUp(t);
  daemon.want('example.com');
  await daemon.orders[0]?.refuse(new AcmeProblem('rateLimited', 'too many', 3 * 60 * MINUTE));
  await daemon.pass(2 * 60 * MINUTE);
  daemon.restart();
  await daemon.pass(59 * MINUTE);
  assert.deepEqual(daemon.names, []);
  await daemon.pass(2 * MINUTE);
  assert.deepEqual(daemon.names, ['example.com']);
});

test('a daemon that dies in mid order does not order again and again', async (t) => {
  const daemon = setUp(t);
  daemon.want('example.com');
  let orders = 0;
  for (let second = 0; second < 300; second++) {
    daemon.restart();
    await daemon.pass(1000);
    orders += daemon.orders.length;
  }
  assert.ok(orders <= 2, `${orders} orders in five minutes`);
});

test('not more than a few orders at a time; those without any certificate first', async (t) => {
  const daemon = setUp(t);
  daemon.want('old.example');
  await daemon.orders[0]?.give();
  daemon.orders.length = 0;
  daemon.canAnswer = false;
  daemon.want('old.example', 'a.example', 'b.example', 'c.example', 'd.example');
  await daemon.pass(6 * DAY);
  daemon.canAnswer = true;
  daemon.acme.look();
  assert.deepEqual(daemon.names, ['a.example', 'b.example', 'c.example']);
  await daemon.orders[1]?.give();
  assert.deepEqual(daemon.names.slice(3), ['d.example']);
  await daemon.orders[0]?.refuse(new Error('no'));
  assert.deepEqual(daemon.names.slice(4), ['old.example']);
});

test('a site that goes in mid order: its order is called off, and what comes of it is nothing', async (t) => {
  const daemon = setUp(t);
  daemon.want('a.example', 'b.example');
  daemon.want('b.example');
  assert.ok(daemon.orders[0]?.signal.aborted);
  assert.ok(!daemon.orders[1]?.signal.aborted);
  await daemon.orders[0]?.give();
  await daemon.orders[1]?.give();
  assert.deepEqual(daemon.served, ['b.example']);
  assert.deepEqual(daemon.types, ['obtained']);
  assert.deepEqual(
    readdirSync(daemon.dir).filter((name) => name.endsWith('.pem')),
    ['b.example.pem'],
  );
  daemon.want();
  assert.deepEqual(daemon.served, []);
  await daemon.pass(MINUTE);
  assert.equal(daemon.clock.pending, 0);
});

test('another directory: a new certificate at once, the old one meanwhile; a changed setting is worth a try at once', async (t) => {
  const daemon = setUp(t);
  daemon.plan = { ...acmeDefaults, directory: 'https://staging.example/dir' };
  daemon.want('example.com');
  await daemon.orders[0]?.give();
  daemon.plan = acmeDefaults;
  daemon.acme.changed();
  assert.equal(daemon.orders.length, 2);
  assert.deepEqual(daemon.served, ['example.com']);
  await daemon.orders[1]?.refuse(new Error('no such account'));
  daemon.acme.changed();
  assert.equal(daemon.orders.length, 2);
  daemon.plan = { ...acmeDefaults, email: 'ops@example.com' };
  daemon.acme.changed();
  assert.equal(daemon.orders.length, 3);
  await daemon.orders[2]?.refuse(new Error('no'));
  daemon.acme.retry();
  assert.equal(daemon.orders.length, 4);
});

test('what is no certificate for the site, or an old one, is a failure', async (t) => {
  const daemon = setUp(t);
  daemon.want('example.com');
  await daemon.orders[0]?.give(daemon.issue(['other.example']));
  await daemon.pass(MINUTE);
  await daemon.orders[1]?.give(challengeCertificate('example.com', 'x', START - 30 * DAY));
  await daemon.pass(3 * MINUTE);
  await daemon.orders[2]?.give({ certPem: 'nonsense', keyPem: '' });
  assert.deepEqual(daemon.types, ['failed', 'failed', 'failed']);
  assert.match(daemon.events[0]?.reason ?? '', /is not for example\.com/);
  assert.match(daemon.events[1]?.reason ?? '', /is the clock of this machine right\?/);
  assert.deepEqual(daemon.served, []);
});

test('a damaged file is as none; a key that is another than the certificate says is never served', async (t) => {
  const daemon = setUp(t);
  const issued = daemon.issue(['example.com']);
  const other = daemon.issue(['example.com']);
  assert.throws(() => kept({ ...issued, keyPem: other.keyPem }, 'x'), /its key is another one/);
  mkdirSync(daemon.dir);
  writeFileSync(join(daemon.dir, 'example.com.pem'), `# From x\n${other.keyPem}${issued.certPem}`);
  writeFileSync(join(daemon.dir, 'example.com.json'), '{"wish":');
  daemon.want('example.com');
  assert.deepEqual(daemon.served, []);
  assert.deepEqual(daemon.names, ['example.com']);
});

test('where nothing can be saved nothing is ordered', async (t) => {
  const daemon = setUp(t);
  writeFileSync(daemon.dir, 'a file where the directory should be');
  daemon.want('example.com');
  assert.deepEqual(daemon.names, []);
  await daemon.pass(0);
  assert.match(daemon.events[0]?.reason ?? '', /EEXIST|ENOTDIR/);
});

test('the authority may want it renewed now; a clock that jumps makes it due', async (t) => {
  const daemon = setUp(t);
  daemon.want('example.com');
  await daemon.orders[0]?.give();
  daemon.advice = START + DAY;
  await daemon.pass(DAY + 7 * 60 * MINUTE);
  assert.equal(daemon.orders.length, 2);
  await daemon.orders[1]?.give();
  assert.equal(readdirSync(daemon.dir).length, 2);
  await daemon.pass(100 * DAY);
  assert.equal(daemon.orders.length, 3);
});
