import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../../../test/support/cleanup.ts';
import { appPlan } from '../../../test/support/plans.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { FakeClock } from '../../kit/clock.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import type { NotifyRules } from '../../protocol/notify-rules.ts';
import { Journal } from '../journal.ts';
import { type DesiredState, nothingDesired } from '../state.ts';
import { Courier, type Outcome, PAUSES_MS } from './courier.ts';
import { WINDOW_MS } from './digest.ts';
import { bodyOf } from './message.ts';
import { noticeOf } from './notice.ts';
import { Notifier } from './notifier.ts';
import { type Letter, post } from './post.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

const rule = (given: Partial<NotifyRules> = {}): NotifyRules => ({
  to: { url: 'https://hooks.example.com/T0/secret' },
  on: ['deploys', 'crashes', 'daemon'],
  style: 'json',
  secret: null,
  ...given,
});

function setUp(t: Parameters<typeof tempDir>[0], notify: DesiredState['notify'], answer: () => Outcome) {
  const dir = tempDir(t);
  const clock = new FakeClock(Date.parse('2026-11-23T10:00:00Z'));
  const journal = new Journal(join(dir, 'journal.ndjson'), clock);
  const sent: Letter[] = [];
  const app = { plan: appPlan({ project: 'shop' }) } as DesiredState['apps'][string];
  const state: DesiredState = { ...nothingDesired, notify, apps: { web: app } };
  const notifier = new Notifier({
    clock,
    journal,
    host: 'app1',
    state: () => state,
    send: async (letter) => {
      sent.push(letter);
      return answer();
    },
  });
  cleanup(t, () => notifier.close());
  cleanup(t, () => journal.close());
  return { dir, clock, journal, notifier, sent, bodies: () => sent.map(({ body }) => JSON.parse(body)) };
}

const arrived = (): Outcome => ({ kind: 'arrived', said: 'it answered 200' });

test('those of a project hear of it, each of its topics; the same thing once, and then how often', async (t) => {
  const shop = rule();
  const other = rule({ to: { url: 'https://other.example.com/' } });
  const { clock, journal, notifier, bodies, sent } = setUp(t, { shop: [shop], blog: [other] }, arrived);
  notifier.begin();
  for (let times = 0; times < 3; times++)
    journal.record('instance.failed', { app: 'web', instance: 'web.0', reason: '10 crashes within 1m' });
  journal.record('instance.unhealthy', { app: 'web', instance: 'web.0' });
  journal.record('instance.ready', { app: 'web', instance: 'web.0' });
  await settle();
  assert.deepEqual(
    bodies().map(({ title, count, host, project }) => ({ title, count, host, project })),
    [{ title: 'web.0 keeps crashing, and was given up', count: 1, host: 'app1', project: 'shop' }],
  );
  clock.advance(WINDOW_MS);
  await settle();
  assert.equal(bodies().at(-1).count, 2);
  clock.advance(WINDOW_MS);
  await settle();
  assert.equal(sent.length, 2);
  // Nobody wants to know of a project of which nothing is said.
  journal.record('release.failed', { data: { project: 'other', release: 'r1' } });
  // Of no project in particular: all are told.
  journal.record('state.repaired', { reason: 'desired.json is damaged' });
  await settle();
  assert.deepEqual(
    sent.slice(2).map(({ url }) => new URL(url).host),
    ['hooks.example.com', 'other.example.com'],
  );
});

test('what happened before the wish was read is told when it is', async (t) => {
  const { journal, notifier, bodies } = setUp(t, { shop: [rule()] }, arrived);
  journal.record('daemon.stopping');
  journal.record('daemon.started');
  journal.record('daemon.started');
  await settle();
  assert.deepEqual(bodies(), []);
  notifier.begin();
  await settle();
  assert.deepEqual(
    bodies().map(({ title }) => title),
    ['Holdfast is back, after it had ended unexpectedly'],
  );
});

test('an address and a secret come from files, at each message; what is lost is in the journal, without the address', async (t) => {
  const dir = tempDir(t);
  const file = join(dir, 'url');
  const secret = join(dir, 'secret');
  const { journal, notifier, sent, clock } = setUp(t, { shop: [rule({ to: { file }, secret })] }, arrived);
  notifier.begin();
  const lost: HoldfastEvent[] = [];
  journal.follow((event) => event.type === 'notify.failed' && lost.push(event));
  const fail = () =>
    journal.record('release.failed', { data: { project: 'shop', release: String(lost.length) } });
  writeFileSync(secret, 's3cret\n');
  writeFileSync(file, 'ftp://example.com/T0/hidden');
  fail();
  await settle();
  for (const pause of PAUSES_MS) {
    clock.advance(pause);
    await settle();
  }
  assert.equal(sent.length, 0);
  assert.equal(lost.length, 1);
  assert.match(lost[0]?.reason ?? '', /must be a URL that begins with "https:"/);
  assert.doesNotMatch(JSON.stringify(lost), /hidden/);
  writeFileSync(file, 'https://example.com/T0/hidden\n');
  fail();
  await settle();
  const [letter] = sent;
  assert.equal(letter?.url, 'https://example.com/T0/hidden');
  const [, seconds, hex] =
    /^t=(\d+),v1=([0-9a-f]{64})$/.exec(letter?.fields['Holdfast-Signature'] ?? '') ?? [];
  assert.equal(hex, createHmac('sha256', 's3cret').update(`${seconds}.${letter?.body}`).digest('hex'));
});

test('a message that fails is tried again, later and later; one that is refused is not; too many push out the oldest', async () => {
  const clock = new FakeClock();
  const brought: string[] = [];
  const lost: [number, string][] = [];
  let outcome: Outcome = { kind: 'failed', said: 'it answered 503' };
  const courier = new Courier({
    clock,
    bring: async (body) => {
      brought.push(body);
      return outcome;
    },
    onLost: (...of) => lost.push(of),
  });
  for (let index = 0; index < 105; index++) courier.take(String(index));
  await settle();
  assert.deepEqual(brought, ['0']);
  clock.advance(PAUSES_MS[0] - 1);
  await settle();
  assert.deepEqual(brought, ['0']);
  clock.advance(1);
  await settle();
  assert.deepEqual(brought, ['0', '0']);
  outcome = { kind: 'failed', said: 'it answered 429', retryAfterMs: 60_000 };
  clock.advance(PAUSES_MS[1]);
  await settle();
  clock.advance(PAUSES_MS[2]);
  await settle();
  assert.equal(brought.length, 3);
  outcome = { kind: 'refused', said: 'it answered 404' };
  clock.advance(30_000);
  await settle();
  assert.deepEqual(lost.slice(0, 1), [[6, 'it answered 404']]);
  assert.equal(brought.length, 103);
  assert.equal(clock.pending, 0);
  courier.close();
});

test('every deploy has its own words, and those for Slack hold no markup of others', () => {
  const event = (type: HoldfastEvent['type'], data: object, reason?: string): HoldfastEvent => ({
    seq: 1,
    time: '2026-11-23T10:00:00.000Z',
    type,
    data: { project: 'shop', release: 'r2', ...data },
    ...(reason !== undefined && { reason }),
  });
  const titleOf = (one: HoldfastEvent) => noticeOf(one, undefined)?.title;
  assert.equal(titleOf(event('release.promoted', { by: 'ann@laptop' })), 'shop r2 serves, by ann@laptop');
  assert.equal(
    titleOf(event('release.failed', { step: 'trial', to: 'r1' })),
    'shop r2 has failed in trial; r1 still serves',
  );
  assert.equal(titleOf(event('release.rolled-back', { to: 'r1' })), 'shop r2 was rolled back to r1');
  assert.equal(titleOf(event('release.baking', {})), undefined);
  const failed = noticeOf(event('release.failed', { step: 'trial' }, '<!channel> & co'), undefined);
  assert.ok(failed);
  const slack = bodyOf('slack', { notice: failed, count: 1 }, { host: 'app1', project: 'shop' });
  assert.match(slack, /&lt;!channel&gt; &amp; co/);
  assert.doesNotMatch(slack, /<!channel>/);
  assert.deepEqual(Object.keys(JSON.parse(slack)), ['text', 'blocks']);
});

test('over the network: what is answered decides, and nothing that is said has the address', async (t) => {
  const statuses = [204, 302, 400, 429, 500];
  const server = createServer((_, response) => {
    response
      .writeHead(statuses.shift() ?? 200, { 'Retry-After': '7', Location: 'http://127.0.0.1:1/' })
      .end();
  }).listen(0, '127.0.0.1');
  cleanup(t, () => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { signal } = new AbortController();
  const send = (url: string) => post({ url, body: '{}', fields: {}, signal });
  const url = `http://127.0.0.1:${port}/hidden`;
  assert.equal((await send(url)).kind, 'arrived');
  assert.deepEqual(await send(url), {
    kind: 'refused',
    said: 'it answered 302, a redirection, which is not followed',
  });
  assert.equal((await send(url)).kind, 'refused');
  assert.deepEqual(await send(url), { kind: 'failed', said: 'it answered 429', retryAfterMs: 7000 });
  assert.equal((await send(url)).kind, 'failed');
  // Nobody speaks TLS there.
  const odd = await send(`https://127.0.0.1:${port}/hidden`);
  assert.equal(odd.kind, 'failed');
  assert.doesNotMatch(odd.said, /hidden/);
});
