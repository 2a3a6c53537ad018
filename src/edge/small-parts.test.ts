/** Parts that are too small for a file of their own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../kit/clock.ts';
import { badAnswer, connectFailed, died, mayRepeat } from './failure.ts';
import { HoldQueue, type Waiter } from './hold.ts';
import { ConnectionCounts } from './limits.ts';
import { page } from './pages/page.ts';
import { Sweeper, TICK_MS } from './sweeper.ts';
import { Traffic } from './traffic.ts';

test('what may be repeated depends on what was sent and what it does', () => {
  assert.equal(mayRepeat(connectFailed('x'), 'POST', false), true);
  assert.equal(mayRepeat(died('x'), 'GET', false), true);
  assert.equal(mayRepeat(died('x'), 'PUT', false), true);
  assert.equal(mayRepeat(died('x'), 'PUT', true), false);
  assert.equal(mayRepeat(died('x'), 'POST', false), false);
  assert.equal(mayRepeat(badAnswer('x'), 'GET', false), false);
});

test('deadlines expire once, in time, and one that throws does not stop the others', () => {
  const clock = new FakeClock(1_000);
  const failures: unknown[] = [];
  let ticks = 0;
  const sweeper = new Sweeper(
    clock,
    () => ticks++,
    (error) => failures.push(error),
  );
  const expired: string[] = [];
  const item = (name: string, deadline: number) => ({
    deadline,
    expire() {
      expired.push(name);
      if (name === 'broken') throw new Error(name);
    },
  });
  for (const one of [item('broken', 1_300), item('soon', 1_300), item('later', 2_000), item('never', 0)])
    sweeper.add(one);
  const removed = item('removed', 1_100);
  sweeper.add(removed);
  sweeper.remove(removed);
  clock.advance(500);
  assert.deepEqual(expired, ['broken', 'soon']);
  assert.equal(failures.length, 1);
  clock.advance(1_000);
  assert.deepEqual(expired, ['broken', 'soon', 'later']);
  assert.equal(sweeper.now, clock.now() - ((clock.now() - 1_000) % TICK_MS));
  assert.equal(ticks, 7);
  sweeper.close();
  assert.equal(clock.pending, 0);
});

test('those who wait are woken in order and keep their place until they leave it', () => {
  const queue = new HoldQueue();
  const woken: number[] = [];
  const waiters = [1, 2, 3, 4].map(
    (n): Waiter => ({
      wake() {
        woken.push(n);
        if (n !== 2) queue.remove(this);
      },
      yieldPlace() {},
    }),
  );
  for (const waiter of waiters) queue.add(waiter, 'target', 'a');
  queue.remove(waiters[0] as Waiter);
  queue.wakeAll();
  assert.deepEqual(woken, [2, 3, 4]);
  assert.equal(queue.size, 1);
  queue.add(waiters[2] as Waiter, 'room', 'a');
  queue.add(waiters[3] as Waiter, 'room', 'a');
  let room = 1;
  queue.admit(() => room-- > 0);
  assert.deepEqual(woken.slice(3), [3], 'only who waits for room, and no more than there is room for');
});

test('nobody fills the queue alone: who has most of the places gives the last up to others, until it has half', () => {
  const queue = new HoldQueue();
  const left: string[] = [];
  const come = (name: string, network: string): boolean => {
    const waiter: Waiter = {
      wake() {},
      yieldPlace() {
        left.push(name);
        queue.remove(waiter);
      },
    };
    const isIn = queue.hasPlaceFor(network, 4);
    if (isIn) queue.add(waiter, 'target', network);
    return isIn;
  };
  for (const name of ['a1', 'a2', 'a3', 'a4']) assert.equal(come(name, 'a'), true);
  assert.equal(come('a5', 'a'), false);
  assert.deepEqual(
    [come('b1', 'b'), come('b2', 'b'), come('b3', 'b'), come('a6', 'a')],
    [true, true, false, false],
  );
  assert.deepEqual(left, ['a4', 'a3']);
  assert.equal(queue.size, 4);
  const single = new HoldQueue();
  single.add({ wake() {}, yieldPlace: () => assert.fail('the only one stays') }, 'target', 'a');
  assert.equal(single.hasPlaceFor('b', 1), false);
});

test('connections are counted by address', () => {
  const counts = new ConnectionCounts();
  assert.deepEqual([counts.admit('a', 2), counts.admit('a', 2), counts.admit('a', 2)], [true, true, false]);
  assert.equal(counts.admit('b', 2), true);
  counts.leave('a');
  assert.equal(counts.admit('a', 2), true);
});

test('traffic is told when it has changed, and all of it to somebody new', () => {
  const traffic = new Traffic();
  traffic.changed();
  assert.deepEqual(traffic.changed(), []);
  traffic.of('a.test').requests++;
  const told = { 'a.test': { requests: 1, errors5xx: 0, openRequests: 0, openWebSockets: 0 } };
  const [first] = traffic.changed();
  assert.deepEqual([first?.sites, first?.again], [told, false]);
  assert.deepEqual(traffic.changed(), []);
  traffic.forgetTold();
  const [anew] = traffic.changed();
  assert.deepEqual([anew?.sites, anew?.again], [told, true]);
});

test('what is open at an instance, and how often it was left out, is summed over those that share its slot', () => {
  const traffic = new Traffic();
  traffic.instance('web', 'web.0').counts.count(200, 1);
  const open = { slot: 'web.0', requests: 1, tunnels: { size: 2 }, ejected: false, ejections: 1 };
  const targets = [open, { ...open, ejected: true }];
  const [first] = traffic.changed(targets)[0]?.instances ?? [];
  assert.deepEqual([first?.openRequests, first?.openWebSockets, first?.ejected], [2, 4, true]);
  assert.equal(first?.counts.ejections, 2);
  assert.deepEqual(traffic.changed(targets), [], 'nothing is counted twice');
});

test('a long report comes in pieces', () => {
  const traffic = new Traffic();
  for (let i = 0; i < 1_200; i++) traffic.route('a.test', `/${i}`, 'web').counts.count(200, 1);
  const reports = traffic.changed();
  assert.deepEqual(
    reports.map(({ routes }) => routes.length),
    [500, 500, 200],
  );
});

test('a page is for those who read HTML, and safe in it', () => {
  assert.deepEqual(page(404, 'Not <here>', '*/*'), {
    type: 'text/plain; charset=utf-8',
    body: '404 Not Found\nNot <here>\n',
  });
  const { body } = page(404, 'Not <here>', 'text/html,*/*;q=0.8');
  assert.match(body, /Not &#60;here&#62;/);
  assert.doesNotMatch(body, /[^\n\x20-\x7e]/, 'it is sent as latin1');
});
