import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeSupervision } from '../../../test/support/fake-supervisor.ts';
import type { AppPlan } from '../../config/plan.ts';
import type { Instance } from '../../supervisor/instance.ts';
import { Health } from './health.ts';

const plan: Partial<AppPlan> = {
  health: {
    probe: { kind: 'http', path: '/healthz', port: null },
    everyMs: 1000,
    timeoutMs: 500,
    failures: 3,
  },
};

/** Instances that answer as `answer` says, and what they were asked. */
async function setUp(wanted: number) {
  const supervision = new FakeSupervision();
  const asked: string[] = [];
  let answer: (instance: Instance) => string | null | Promise<string | null> = () => null;
  let isLinked = true;
  const health = new Health({
    clock: supervision.clock,
    random: () => 0.5,
    journal: supervision.journal,
    supervisor: supervision.supervisor,
    prober: {
      ask: async (instance) => {
        asked.push(instance.key);
        return answer(instance);
      },
    },
    isLinked: () => isLinked,
  });
  supervision.heard = (fact) => health.heard(fact);
  await supervision.ready(wanted, plan);
  return {
    supervision,
    asked,
    health,
    answerWith(how: typeof answer) {
      answer = how;
    },
    link(on: boolean) {
      isLinked = on;
    },
    phases: () => supervision.instances.map(({ phase }) => phase),
    types: () => supervision.recorded.map(({ type, instance }) => `${type} ${instance}`),
  };
}

test('a ready instance is asked every so often, one that is not ready never', async () => {
  const { supervision, asked, health } = await setUp(2);
  await supervision.pass(2600);
  assert.deepEqual(
    asked.filter((key) => key === 'web.0#1'),
    ['web.0#1', 'web.0#1', 'web.0#1'],
  );
  asked.length = 0;
  supervision.instances[0]?.dispatch({ type: 'stop' });
  await supervision.pass(2000);
  assert.ok(!asked.includes('web.0#1'));
  health.close();
  asked.length = 0;
  await supervision.pass(2000);
  assert.deepEqual(asked, []);
});

test('as many failures in a row as the plan says, and it is replaced; a success in between counts from the start', async () => {
  const { supervision, answerWith, phases, types } = await setUp(1);
  const answers = ['GET /healthz answered 503', '503', null, '503', '503', 'no answer'];
  answerWith(() => answers.shift() ?? null);
  await supervision.pass(5400);
  assert.deepEqual(phases(), ['ready']);
  assert.deepEqual(types(), ['health.failed web.0', 'health.failed web.0']);
  await supervision.pass(400);
  assert.deepEqual(phases(), ['stopping']);
  assert.equal(supervision.recorded.at(-1)?.reason, 'its health check failed, 3 times in a row: no answer');
  supervision.processOf(supervision.instances[0]).exit({ code: null, signal: 'SIGTERM' });
  await supervision.pass(100);
  assert.equal(supervision.instances[0]?.phase, 'starting');
});

test('one question at a time, and an answer that comes too late for reasons of ours does not count', async () => {
  const { supervision, asked, answerWith, types } = await setUp(1);
  let reply: (problem: string) => void = () => undefined;
  answerWith(() => new Promise((resolve) => (reply = resolve)));
  await supervision.pass(4000);
  assert.equal(asked.length, 1);
  reply('no answer within 500ms');
  await supervision.pass(100);
  assert.equal(asked.length, 2);
  assert.deepEqual(types(), []);
});

test('when all fail at once they are replaced one at a time', async () => {
  const { supervision, answerWith, phases } = await setUp(3);
  answerWith(() => 'the database is down');
  await supervision.pass(5000);
  const down = () => phases().filter((phase) => phase !== 'ready').length;
  assert.equal(down(), 1);
  // It ends, is started again and becomes ready: then the next one goes.
  const first = supervision.instances.find(({ phase }) => phase === 'stopping');
  supervision.processOf(first).exit({ code: null, signal: 'SIGTERM' });
  await supervision.pass(2000);
  assert.equal(first?.phase, 'starting');
  assert.equal(down(), 1);
  supervision.makeReady();
  await supervision.pass(1500);
  assert.equal(first?.phase, 'ready');
  const second = supervision.instances.find(({ phase }) => phase === 'stopping');
  assert.ok(second && second !== first);
  // It ends, and its successor fails: the others are not kept waiting for it.
  supervision.processOf(second).exit({ code: null, signal: 'SIGTERM' });
  await supervision.pass(100);
  supervision.processOf(second).exit({ code: 1, signal: null });
  await supervision.pass(1500);
  assert.equal(supervision.instances.filter(({ phase }) => phase === 'stopping').length, 1);
});

test('one that is stopped while it is being replaced leaves the turn to the others', async () => {
  for (const when of ['while it ends', 'between two attempts']) {
    const { supervision, answerWith, phases } = await setUp(2);
    answerWith(() => 'the database is down');
    await supervision.pass(5000);
    const first = supervision.instances.find(({ phase }) => phase === 'stopping');
    if (!first) throw new Error('none is being replaced');
    const process = supervision.processOf(first);
    if (when === 'while it ends') first.dispatch({ type: 'stop' });
    process.exit({ code: null, signal: 'SIGTERM' });
    if (when === 'between two attempts') {
      assert.equal(first.phase, 'backoff');
      first.dispatch({ type: 'stop' });
    }
    const app = supervision.supervisor.app('web');
    if (app) app.desire({ ...app.desired, idle: [first.slot] });
    await supervision.pass(2000);
    assert.ok(!supervision.instances.includes(first));
    assert.deepEqual(phases(), ['stopping'], when);
  }
});

test('after the start of a daemon the guests have time to find it', async () => {
  const { supervision, asked, link } = await setUp(1);
  link(false);
  await supervision.pass(3000);
  assert.deepEqual(asked, []);
  link(true);
  await supervision.pass(1000);
  assert.equal(asked.length, 1);
  link(false);
  await supervision.pass(5000);
  assert.ok(asked.length > 1, 'but not for ever');
});
