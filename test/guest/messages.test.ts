/** `process.send` and `process.on('message')`, given by the guest to an app that says by them when it is ready. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { Daemon } from './play-daemon.ts';

const orders = { messages: true };

test('process.send("ready") is told, once, and again to the next daemon', async (t) => {
  const daemon = await Daemon.start(t);
  const app = daemon.run({
    orders,
    code: `setInterval(() => {}, 1000);
if (process.send && process.connected) {
  process.send({ type: 'process:msg' });
  process.send('ready', (error) => console.log('sent', error));
  process.send('ready');
}`,
  });
  await daemon.hears('ready');
  await app.printed('sent null');
  await daemon.down();
  await daemon.up();
  await daemon.hears('ready', 2);
  await daemon.hears('health', 1);
  assert.equal(daemon.heardOf('ready').length, 2);
});

test('a message reaches the app, which ends when it likes', async (t) => {
  const daemon = await Daemon.start(t);
  const app = daemon.run({
    orders,
    code: `const hold = setInterval(() => {}, 1000);
process.on('message', (message) => { console.log('got ' + message); clearInterval(hold); process.disconnect(); });
process.on('disconnect', () => console.log('disconnected ' + process.connected));`,
  });
  await daemon.hears('hello');
  daemon.tell({ type: 'message', message: 'shutdown' });
  assert.equal(await app.ended(), 0);
  assert.match(app.output, /got shutdown\ndisconnected false/);
});

test('listening for messages keeps nothing alive', async (t) => {
  const daemon = await Daemon.start(t);
  const app = daemon.run({ orders, code: `process.on('message', () => {}); process.send('ready');` });
  assert.equal(await app.ended(), 0);
});

test("what a listener of the app throws is the app's", async (t) => {
  const daemon = await Daemon.start(t);
  const app = daemon.run({
    orders,
    code: `setInterval(() => {}, 1000); process.on('message', () => { throw new Error('mine'); });`,
  });
  await daemon.hears('hello');
  daemon.tell({ type: 'message', message: 'shutdown' });
  assert.equal(await app.ended(), 1);
  assert.match(app.output, /Error: mine/);
});

test('without the order there is no process.send', async (t) => {
  const daemon = await Daemon.start(t);
  for (const offer of [true, false]) {
    const app = daemon.run({
      orders: { offer },
      code: 'console.log([typeof process.send, process.connected])',
    });
    await app.printed(/'undefined'/);
  }
});

test('children of the app have channels of their own: fork, and workers of a cluster', async (t) => {
  const daemon = await Daemon.start(t);
  const file = join(daemon.dir, 'parent.cjs');
  writeFileSync(
    file,
    `const cluster = require('node:cluster');
if (process.argv[2] === 'child') process.send('from the fork');
else if (cluster.isWorker) process.send('from the worker');
else {
  require('node:child_process').fork(__filename, ['child']).on('message', (text) => console.log('heard ' + text));
  cluster.fork().on('message', (text) => { console.log('heard ' + text); process.send('ready'); });
  setInterval(() => {}, 1000);
}`,
  );
  const app = daemon.run({ orders, file });
  await app.printed('heard from the fork');
  await app.printed('heard from the worker');
  await until(() => daemon.heardOf('ready').length === 1, { why: 'the primary is ready' });
  app.child.kill('SIGKILL');
});
