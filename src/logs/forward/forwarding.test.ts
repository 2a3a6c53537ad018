import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanup, type Test } from '../../../test/support/cleanup.ts';
import { logPlan } from '../../../test/support/plans.ts';
import { freePort } from '../../../test/support/ports.ts';
import { requireProgram } from '../../../test/support/programs.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { startProgram } from '../../../test/support/test-home.ts';
import { until } from '../../../test/support/until.ts';
import type { ForwardPlan, LogPlan } from '../../config/plan.ts';
import { systemClock } from '../../kit/clock.ts';
import { encodeRecord, type Stream } from '../record.ts';
import { LogWriter } from '../writer.ts';
import { Forwarding } from './forwarding.ts';
import { beginning } from './position.ts';

/** The log of an app, and its forwarding. */
function app(t: Test, forward: readonly ForwardPlan[], plan: Partial<LogPlan> = {}) {
  const dir = join(tempDir(t), 'logs');
  const stateDir = tempDir(t);
  mkdirSync(dir);
  const full = logPlan({ compress: false, ...plan, forward });
  const writer = new LogWriter({ dir, app: 'web', plan: full });
  cleanup(t, () => writer.close());
  const unforwarded: { lines: number; to: string; reason: string }[] = [];
  const open = () => {
    const forwarding = new Forwarding({
      dir,
      stateDir,
      app: 'web',
      clock: systemClock,
      onUnforwarded: (lines, to, reason) => unforwarded.push({ lines, to, reason }),
    });
    cleanup(t, () => forwarding.close());
    forwarding.configure(full, beginning);
    return forwarding;
  };
  let forwarding = open();
  let count = 0;
  return {
    dir,
    unforwarded,
    lost: () => unforwarded.reduce((sum, { lines }) => sum + lines, 0),
    say(text: string, stream: Stream = 'out', instance = 'web.0') {
      const time = new Date().toISOString();
      writer.write(Buffer.from(encodeRecord({ time, instance, stream, partial: false, text })));
      forwarding.nudge();
    },
    /** `line 0`, `line 1` … */
    lines(more: number) {
      const time = new Date().toISOString();
      const records = Array.from({ length: more }, () =>
        encodeRecord({ time, instance: 'web.0', stream: 'out', partial: false, text: `line ${count++}` }),
      );
      writer.write(Buffer.from(records.join('')));
      forwarding.nudge();
    },
    /** As if the daemon had ended, and another one had begun. */
    async restart() {
      await forwarding.close();
      forwarding = open();
    },
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A collector of NDJSON that takes everything, unless told otherwise. */
async function collector(t: Test, port = 0) {
  const texts: string[] = [];
  const bodies: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const state: { answer: Answer } = { answer: (_, response) => response.end() };
  const server = createServer(async (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    headers.push(request.headers);
    response.on('finish', () => {
      if (response.statusCode !== 200) return;
      for (const line of body.split('\n')) if (line.startsWith('{"time"')) texts.push(JSON.parse(line).text);
    });
    state.answer(request, response, body);
  });
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  cleanup(t, stop);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const taken = typeof address === 'object' && address ? address.port : 0;
  return { url: `http://127.0.0.1:${taken}/in?token=x`, port: taken, texts, bodies, headers, state, stop };
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `line ${n}`);
}

test('lines arrive in order, with a header from a file, and what they say of themselves', async (t) => {
  const token = join(tempDir(t), 'token');
  writeFileSync(token, 'Bearer secret\n');
  const { url, texts, bodies, headers } = await collector(t);
  const target = { kind: 'http', url, headers: { Authorization: `file:${token}`, 'X-Site': 'a' } } as const;
  const { lines, say } = app(t, [target], { format: 'json' });
  lines(1000);
  await until(() => texts.length === 1000, { why: 'all have arrived' });
  assert.deepEqual(texts, numbered(1000));
  assert.equal(headers[0]?.authorization, 'Bearer secret');
  assert.equal(headers[0]?.['x-site'], 'a');
  assert.equal(headers[0]?.['content-type'], 'application/x-ndjson');
  say('{"level":40,"time":1772366400000,"msg":"hm","user":7}', 'err', 'web.3');
  await until(() => texts.length === 1001, { why: 'the last one has arrived' });
  const { host, ...last } = JSON.parse(bodies.at(-1) ?? '');
  assert.ok(host);
  assert.deepEqual(last, {
    time: '2026-03-01T12:00:00.000Z',
    app: 'web',
    instance: 'web.3',
    stream: 'err',
    level: 'warn',
    text: 'hm',
    data: { level: 40, time: 1772366400000, msg: 'hm', user: 7 },
  });
});

test('OTLP: one resource for each instance, severity, attributes; refused records are counted', async (t) => {
  const { bodies, state, port } = await collector(t);
  state.answer = (request, response) => {
    assert.equal(request.url, '/v1/logs');
    response.end('{"partialSuccess":{"rejectedLogRecords":"2"}}');
  };
  const target = { kind: 'otlp', url: `http://127.0.0.1:${port}`, headers: {} } as const;
  const { say, unforwarded } = app(t, [target], { format: 'json' });
  say('plain');
  say(
    '{"level":50,"msg":"failed","err":{"message":"m","stack":"Error: m"},"n":1.5,"tags":["a",true]}',
    'err',
    'web.1',
  );
  await until(() => unforwarded.length > 0, { why: 'the answer was understood' });
  assert.equal(unforwarded[0]?.lines, 2);
  const { resourceLogs } = JSON.parse(bodies[0] ?? '');
  assert.equal(resourceLogs.length, 2);
  const [first, second] = resourceLogs;
  const attribute = (list: { key: string; value: unknown }[], name: string) =>
    list.find(({ key }) => key === name)?.value;
  assert.deepEqual(attribute(first.resource.attributes, 'service.name'), { stringValue: 'web' });
  assert.deepEqual(attribute(second.resource.attributes, 'service.instance.id'), { stringValue: 'web.1' });
  const [plain] = first.scopeLogs[0].logRecords;
  assert.deepEqual(
    [plain.body, plain.severityNumber, plain.severityText],
    [{ stringValue: 'plain' }, 9, 'INFO'],
  );
  assert.match(plain.timeUnixNano, /^\d{19}$/);
  const [failed] = second.scopeLogs[0].logRecords;
  assert.deepEqual([failed.body, failed.severityNumber], [{ stringValue: 'failed' }, 17]);
  assert.deepEqual(attribute(failed.attributes, 'log.iostream'), { stringValue: 'stderr' });
  assert.deepEqual(attribute(failed.attributes, 'n'), { doubleValue: 1.5 });
  assert.deepEqual(attribute(failed.attributes, 'tags'), {
    arrayValue: { values: [{ stringValue: 'a' }, { boolValue: true }] },
  });
  assert.deepEqual(attribute(failed.attributes, 'exception.stacktrace'), { stringValue: 'Error: m' });
});

test('a collector that is away, answers 500, hangs up and hangs gets all lines in the end; one event tells', async (t) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/in?token=x`;
  const { lines, unforwarded } = app(t, [{ kind: 'http', url, headers: {} }]);
  lines(5000);
  await until(() => unforwarded.length > 0, { why: 'it is told that lines wait' });
  const { texts, state } = await collector(t, port);
  const bad: Answer[] = [
    (_, response) => response.writeHead(500).end('no'),
    (_, response) => response.destroy(),
    (_, response) => response.writeHead(503, { 'Retry-After': '1' }).end(),
  ];
  state.answer = (request, response, body) =>
    (bad.shift() ?? ((_, good) => good.end()))(request, response, body);
  lines(5000);
  await until(() => new Set(texts).size === 10_000, { why: 'all have arrived', deadline: 60_000 });
  assert.equal(bad.length, 0);
  assert.deepEqual([...new Set(texts)], numbered(10_000));
  assert.deepEqual(
    unforwarded.map(({ lines, to }) => [lines, to]),
    [[0, `http://127.0.0.1:${port}/in`]],
    'told once, without the query',
  );
  assert.match(unforwarded[0]?.reason ?? '', /ECONNREFUSED.*the lines wait in the log/);
});

test('closing does not wait for a collector that hangs, and what it has not had is sent by the next one', async (t) => {
  const { url, texts, bodies, state } = await collector(t);
  const { lines, restart } = app(t, [{ kind: 'http', url, headers: {} }]);
  lines(100);
  await until(() => texts.length === 100, { why: 'the first ones have arrived' });
  state.answer = () => undefined;
  lines(100);
  await until(() => bodies.length === 2, { why: 'it hangs' });
  const begun = performance.now();
  const restarted = restart();
  state.answer = (_, response) => response.end();
  await restarted;
  assert.ok(performance.now() - begun < 10_000);
  await until(() => texts.length >= 200, { why: 'the others have arrived' });
  assert.deepEqual(texts, numbered(200));
});

test('what the collector never takes is left out alone, and counted', async (t) => {
  const { url, texts, state } = await collector(t);
  state.answer = (_, response, body) =>
    response.writeHead(body.includes('line 77"') ? 400 : 200).end('bad line');
  const { lines, unforwarded } = app(t, [{ kind: 'http', url, headers: {} }]);
  lines(200);
  await until(() => texts.length === 199, { why: 'all others have arrived' });
  assert.deepEqual(
    texts,
    numbered(200).filter((text) => text !== 'line 77'),
  );
  assert.deepEqual(
    unforwarded.map(({ lines, reason }) => [lines, reason]),
    [[1, 'it answers 400: bad line']],
  );
});

test('what rotation removes before it was sent is counted, to the line', async (t) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const plan = { rotateBytes: 30_000, totalBytes: 100_000 };
  const { lines, lost, unforwarded } = app(t, [{ kind: 'http', url, headers: {} }], plan);
  // Slowly: what comes and goes between two looks, which are a second apart, cannot be counted.
  for (let n = 0; n < 12; n++) {
    lines(500);
    await sleep(500);
  }
  await until(() => lost() > 0, { why: 'losses are told' });
  const { texts } = await collector(t, port);
  await until(() => texts.includes('line 5999'), { why: 'what is left has arrived', deadline: 60_000 });
  assert.equal(new Set(texts).size + lost(), 6000, JSON.stringify(unforwarded));
});

test('a backlog is sent in small batches', async (t) => {
  const { url, texts, bodies } = await collector(t);
  const { lines } = app(t, [{ kind: 'http', url, headers: {} }]);
  for (let n = 0; n < 20; n++) lines(5000);
  await until(() => texts.length === 100_000, { why: 'all have arrived', deadline: 60_000 });
  assert.ok(Math.max(...bodies.map((body) => body.length)) < 2 * 1024 * 1024);
  assert.deepEqual(texts, numbered(100_000));
});

/** Takes octet-counted messages apart. */
async function tcpReceiver(t: Test, port = 0) {
  const messages: string[] = [];
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    let rest = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const [, length] = /^(\d+) /.exec(rest.toString('latin1', 0, 12)) ?? [];
        const start = (length?.length ?? 0) + 1;
        const end = start + Number(length);
        if (length === undefined || rest.length < end) return;
        messages.push(rest.toString('utf8', start, end));
        rest = rest.subarray(end);
      }
    });
  });
  const stop = async () => {
    for (const socket of sockets) socket.resetAndDestroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  cleanup(t, stop);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  /** Leaves what comes in the hands of the kernel. */
  const goDeaf = () => {
    for (const socket of sockets) socket.pause();
  };
  return { messages, stop, goDeaf, port: typeof address === 'object' && address ? address.port : 0 };
}

const message = /^<(\d+)>1 (\S+) (\S+) web (web\.\d) - - (.*)$/s;

test('syslog over TCP: RFC 5424 with octet counting; after a broken connection, the last seconds are sent again', async (t) => {
  const first = await tcpReceiver(t);
  const { say, lines } = app(t, [{ kind: 'syslog', url: `syslog+tcp://127.0.0.1:${first.port}` }]);
  say('größer 👋');
  say('bad', 'err', 'web.1');
  lines(1000);
  await until(() => first.messages.length === 1002, { why: 'all have arrived' });
  const [one, two] = first.messages.map((text) => message.exec(text));
  assert.deepEqual([one?.[1], one?.[4], one?.[5]], ['30', 'web.0', 'größer 👋']);
  assert.deepEqual([two?.[1], two?.[4], two?.[5]], ['27', 'web.1', 'bad']);
  assert.equal(new Date(one?.[2] ?? '').toISOString(), one?.[2]);
  first.goDeaf();
  lines(1000);
  // Until they are on their way. Too short, it would be no test; never a failure.
  await sleep(1000);
  await first.stop();
  const second = await tcpReceiver(t, first.port);
  await until(() => second.messages.some((text) => text.endsWith(' line 1999')), { why: 'it goes on' });
  const seen = new Set([...first.messages, ...second.messages].map((text) => message.exec(text)?.[5]));
  for (const text of numbered(2000)) assert.ok(seen.has(text), text);
});

test('syslog over UDP: a datagram a line, long ones cut between characters; all wait while nobody listens', async (t) => {
  const port = await freePort();
  const { say, lines, unforwarded } = app(t, [{ kind: 'syslog', url: `syslog://127.0.0.1:${port}` }]);
  lines(10);
  await until(() => unforwarded.length === 1, { why: 'it is told that lines wait' });
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  cleanup(t, () => socket.close());
  const messages: string[] = [];
  socket.on('message', (bytes) => messages.push(bytes.toString()));
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  await until(() => messages.length >= 10, { why: 'they have arrived' });
  say('ö'.repeat(10_000));
  await until(() => messages.length >= 11, { why: 'the long one has arrived' });
  const texts = messages.map((text) => message.exec(text)?.[5]);
  assert.deepEqual(texts.slice(0, 10), numbered(10));
  assert.match(texts[10] ?? '', /^ö{4000,4096}$/);
});

test('a real rsyslogd takes them over TCP, UDP and its local socket', async (t) => {
  const rsyslogd = requireProgram(t, 'rsyslogd');
  if (!rsyslogd || !requireProgram(t, 'logger')) return;
  const dir = tempDir(t);
  const [tcp, udp] = [await freePort(), await freePort()];
  const socket = join(dir, 'log');
  const out = join(dir, 'out');
  const config = join(dir, 'rsyslog.conf');
  writeFileSync(
    config,
    `global(workDirectory="${dir}")
module(load="imtcp") input(type="imtcp" port="${tcp}" address="127.0.0.1" name="tcp")
module(load="imudp") input(type="imudp" port="${udp}" address="127.0.0.1" name="udp")
module(load="imuxsock" SysSock.Use="off") input(type="imuxsock" Socket="${socket}")
template(name="plain" type="string" string="%inputname%|%syslogseverity-text%|%syslogfacility-text%|%programname%|%procid%|%msg%\\n")
*.* action(type="omfile" file="${out}" template="plain")
`,
  );
  startProgram(t, rsyslogd, ['-n', '-f', config, '-i', join(dir, 'pid')]);
  await until(() => existsSync(socket), { why: 'rsyslogd listens' });
  const urls = [`syslog+tcp://127.0.0.1:${tcp}`, `syslog://127.0.0.1:${udp}`, `syslog+unix://${socket}`];
  const { lines, say } = app(
    t,
    urls.map((url) => ({ kind: 'syslog', url })),
  );
  lines(200);
  say('it broke', 'err', 'web.1');
  const received = () =>
    existsSync(out)
      ? readFileSync(out, 'utf8')
          .split('\n')
          .filter((line) => line.includes('|web'))
      : [];
  await until(() => received().filter((line) => line.includes('it broke')).length === 3, {
    why: 'all arrived',
  });
  await until(() => received().length === 603, { why: 'all have arrived' });
  const by = (input: string) => received().filter((line) => line.startsWith(`${input}|`));
  assert.equal(by('tcp')[0], 'tcp|info|daemon|web|web.0|line 0');
  assert.equal(by('udp').at(-1), 'udp|err|daemon|web|web.1|it broke');
  assert.deepEqual(
    by('tcp').map((line) => line.split('|')[5]),
    [...numbered(200), 'it broke'],
  );
  assert.ok(by('imuxsock').includes('imuxsock|err|daemon|web.1|-| it broke'), by('imuxsock').at(-1));
});
