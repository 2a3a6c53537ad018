/** The example's instances among each other, seen by Socket.IO and WebSocket clients. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { io, type ManagerOptions, type Socket } from 'socket.io-client';
import WebSocket from 'ws';
import { cleanup } from '../support/cleanup.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startProgram } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { chatInstances, exampleDir } from './chat-instances.ts';

interface Message {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly instance: string;
}

interface Visitor {
  readonly socket: Socket;
  readonly missed: Message[];
  readonly heard: Message[];
  people(): string[];
  say(id: string, text: string): Promise<unknown>;
}

async function visit(
  t: TestContext,
  url: string,
  name: string,
  more: Partial<ManagerOptions> = {},
): Promise<Visitor> {
  const socket = io(url, { ...more, auth: { name }, forceNew: true });
  cleanup(t, () => socket.disconnect());
  const heard: Message[] = [];
  let people: { name: string }[] = [];
  socket.on('message', (message: Message) => heard.push(message));
  socket.on('people', (list) => {
    people = list;
  });
  const welcome = await new Promise<{ missed: Message[] }>((resolve, reject) => {
    socket.once('welcome', resolve);
    socket.once('connect_error', reject);
  });
  return {
    socket,
    missed: welcome.missed,
    heard,
    people: () => people.map((person) => person.name).sort(),
    say: (id, text) => socket.timeout(5000).emitWithAck('say', { id, text }),
  };
}

const texts = (messages: readonly Message[]) => messages.map(({ text }) => text);

for (const transport of ['websocket', 'polling']) {
  test(`visitors of different instances hear each other over ${transport}`, async (t) => {
    const chat = chatInstances(t);
    const [first, second] = [await chat.start(), await chat.start()];
    const ada = await visit(t, first.url, 'Ada', { transports: [transport] });
    const grace = await visit(t, second.url, 'Grace', { transports: [transport] });
    await ada.say('1', 'Hello from the first');
    await until(() => grace.heard.length === 1, { why: 'the first message arrived' });
    await grace.say('2', 'Hello from the second');
    for (const visitor of [ada, grace]) {
      await until(() => visitor.heard.length === 2, { why: 'both messages arrived' });
      assert.deepEqual(
        visitor.heard.map(({ name, text, instance }) => [name, text, instance]),
        [
          ['Ada', 'Hello from the first', 'chat.0'],
          ['Grace', 'Hello from the second', 'chat.1'],
        ],
      );
      await until(() => visitor.people().length === 2, { why: 'both people are seen' });
      assert.deepEqual(visitor.people(), ['Ada', 'Grace']);
    }
  });
}

test('no message is lost or doubled while instances come and go', async (t) => {
  const chat = chatInstances(t);
  const [first, second] = [await chat.start(), await chat.start()];
  const speaker = await visit(t, first.url, 'Speaker');
  const listener = await visit(t, second.url, 'Listener');
  const said: string[] = [];
  let talking = true;
  const talk = (async () => {
    while (talking) {
      said.push(`message ${said.length}`);
      await speaker.say(`id ${said.length}`, said.at(-1) ?? '');
      await sleep(3); // so that no two have the same time, which is what orders them
    }
  })();
  const third = await chat.start();
  const newcomer = await visit(t, third.url, 'Newcomer');
  await until(() => newcomer.heard.length > 20, { why: 'the newcomer hears what is said' });
  const heardByNewcomer = [...new Set(texts([...newcomer.missed, ...newcomer.heard]))];
  const end = said.indexOf(heardByNewcomer.at(-1) ?? '') + 1;
  assert.deepEqual(heardByNewcomer, said.slice(end - heardByNewcomer.length, end));
  const fourth = await chat.start();
  assert.equal(await third.program.stop('SIGTERM'), 0);
  await fourth.program.stop('SIGKILL');
  const soFar = said.length;
  await until(() => said.length > soFar + 20, { why: 'the talk goes on' });
  talking = false;
  await talk;
  await until(() => listener.heard.length >= said.length, { why: 'the listener heard all' });
  assert.deepEqual(texts(listener.heard), said);
});

test('a new instance knows what was said and who is here before it takes visitors', async (t) => {
  const chat = chatInstances(t);
  const first = await chat.start();
  const ada = await visit(t, first.url, 'Ada');
  const said = Array.from({ length: 230 }, (_, n) => `message ${n}`);
  for (const text of said) await ada.say(text, text);
  const second = await chat.start();
  const grace = await visit(t, second.url, 'Grace');
  assert.deepEqual(texts(grace.missed), said.slice(-200));
  await until(() => grace.people().length === 2, { why: 'the newcomer sees both' });
});

test('a message that is repeated to another instance is said once', async (t) => {
  const chat = chatInstances(t);
  const [first, second] = [await chat.start(), await chat.start()];
  const ada = await visit(t, first.url, 'Ada');
  const again = await visit(t, second.url, 'Ada');
  await ada.say('same', 'Only once');
  await until(() => again.heard.length === 1, { why: 'the message arrived' });
  await again.say('same', 'Only once');
  await again.say('other', 'The end');
  await until(() => ada.heard.at(-1)?.text === 'The end', { why: 'the end arrived' });
  assert.deepEqual(texts(ada.heard), ['Only once', 'The end']);
});

test('a crashed instance is missed by nobody: its people go, and the next one starts beside its remains', async (t) => {
  const chat = chatInstances(t);
  const [first, second] = [await chat.start(), await chat.start()];
  const ada = await visit(t, first.url, 'Ada');
  await visit(t, second.url, 'Grace', { reconnection: false });
  await until(() => ada.people().length === 2, { why: 'both are here' });
  await second.program.stop('SIGKILL');
  await until(() => ada.people().length === 1, { why: 'Grace is gone' });
  const third = await chat.start();
  const linus = await visit(t, third.url, 'Linus');
  await ada.say('1', 'Still here');
  await until(() => linus.heard.length === 1, { why: 'the new instance hears the old' });
  await until(() => readdirSync(chat.bus).length === 2, {
    why: 'the socket of the crashed one is cleared away',
  });
});

test('an instance that hangs does not keep a new one from starting', async (t) => {
  const chat = chatInstances(t);
  const first = await chat.start();
  first.program.child.kill('SIGSTOP');
  const second = await chat.start();
  await visit(t, second.url, 'Ada');
  first.program.child.kill('SIGCONT');
  const grace = await visit(t, first.url, 'Grace');
  await until(() => grace.people().length === 2, { why: 'they meet when the first moves again' });
});

test('the plain WebSocket echoes, ticks and reaches the sockets of other instances', async (t) => {
  const chat = chatInstances(t);
  const sockets = [];
  for (const { url } of [await chat.start(), await chat.start()]) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/wsapp/`);
    cleanup(t, () => socket.terminate());
    const heard: { type: string; text: string; instance: string }[] = [];
    const binary: Buffer[] = [];
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) binary.push(data);
      else heard.push(JSON.parse(data.toString()));
    });
    await until(() => heard[0]?.type === 'welcome', { why: 'the socket is welcomed' });
    sockets.push({ socket, heard, binary });
  }
  const [one, other] = sockets;
  assert.ok(one && other);
  one.socket.send(JSON.stringify({ type: 'echo', text: 'Grüße' }));
  one.socket.send(JSON.stringify({ type: 'broadcast', text: 'to all' }));
  one.socket.send(JSON.stringify({ type: 'clock' }));
  one.socket.send(Buffer.alloc(1_000_000, 7));
  await until(() => other.heard.length === 2, { why: 'the broadcast arrived' });
  assert.deepEqual(other.heard[1], { type: 'broadcast', text: 'to all', instance: 'chat.0' });
  await until(() => one.heard.length >= 5 && one.binary.length === 1, { why: 'the clock ticks' });
  assert.deepEqual(one.heard.map(({ type }) => type).slice(0, 5), [
    'welcome',
    'echo',
    'broadcast',
    'clock',
    'clock',
  ]);
  assert.equal(one.heard[1]?.text, 'Grüße');
  assert.deepEqual(one.binary[0], Buffer.alloc(1_000_000, 7));
});

test('SIGTERM tells WebSockets with 1012 to connect again, and the process ends by itself', async (t) => {
  const instance = await chatInstances(t).start();
  const socket = new WebSocket(`${instance.url.replace('http', 'ws')}/wsapp/`);
  cleanup(t, () => socket.terminate());
  await once(socket, 'open');
  const visitor = await visit(t, instance.url, 'Ada');
  const comesAgain = new Promise((resolve) => {
    visitor.socket.once('disconnect', () => resolve(visitor.socket.active));
  });
  const closed = once(socket, 'close');
  assert.equal(await instance.program.stop('SIGTERM'), 0);
  assert.equal((await closed)[0], 1012);
  assert.equal(await comesAgain, true);
});

test('instances do not meet in a directory into which others can look', async (t) => {
  const dir = tempDir(t);
  chmodSync(dir, 0o755);
  const program = startProgram(t, process.execPath, [join(exampleDir, 'server.js')], {
    env: { PORT: '0', CHAT_BUS: dir },
  });
  await once(program.child, 'close');
  assert.equal(program.child.exitCode, 1);
  assert.match(program.stderr(), /the directory must be yours alone/);
});

test('garbage from clients ends no instance', async (t) => {
  const instance = await chatInstances(t).start();
  const { socket, heard, say } = await visit(t, instance.url, 'Ada');
  const hostile: unknown[] = [
    null,
    1,
    'x',
    [],
    {},
    { id: 1, text: {} },
    { id: 'a', text: { toString: 1 } },
    { id: 'b', text: '  ' },
  ];
  for (const said of hostile) await socket.timeout(5000).emitWithAck('say', said);
  for (const name of [null, {}, 'x'.repeat(1000), { toString: 1 }]) socket.emit('rename', name);
  socket.emit('say');
  const plain = new WebSocket(`${instance.url.replace('http', 'ws')}/wsapp/`);
  cleanup(t, () => plain.terminate());
  await once(plain, 'open');
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"type":{"toString":1}}',
    '{"type":"echo","text":{"toString":1}}',
    '{"type":"toString"}',
  ]) {
    plain.send(text);
  }
  const { hostname, port } = new URL(instance.url);
  for (const path of ['//', '/other', '*', '/wsapp/%zz']) {
    const raw = connect(Number(port), hostname);
    raw.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    raw.resume();
    await new Promise((resolve) => raw.once('close', resolve));
  }
  await say('end', 'The end');
  await until(() => heard.length > 0, { why: 'the chat still works' });
  assert.deepEqual(texts(heard), ['The end']);
  assert.equal(instance.program.child.exitCode, null);
});
