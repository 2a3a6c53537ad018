import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup, type Test } from '../../test/support/cleanup.ts';
import { logPlan } from '../../test/support/plans.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import type { LogPlan } from '../config/plan.ts';
import { systemClock } from '../kit/clock.ts';
import { AppLog } from './app-log.ts';
import { HomeCap } from './home-cap.ts';
import { notedFormat } from './noted-format.ts';
import { encodeRecord } from './record.ts';

function loggedApp(given: Partial<LogPlan>, instances = 1) {
  return { name: 'web', instances, log: logPlan(given) };
}

function open(t: Test, given: Partial<LogPlan>) {
  const dir = tempDir(t);
  const log = new AppLog(loggedApp(given), {
    dir,
    stateDir: dir,
    clock: systemClock,
    home: new HomeCap(dir),
    onLost: () => assert.fail('nothing is lost'),
    onDropped: () => assert.fail('nothing is dropped'),
    onUnforwarded: () => undefined,
  });
  cleanup(t, () => log.close());
  const sink = log.sink(0, false);
  return {
    dir,
    log,
    say(text: string) {
      const time = new Date().toISOString();
      sink.write(Buffer.from(encodeRecord({ time, instance: 'web.0', stream: 'out', partial: false, text })));
    },
  };
}

const noFiles = logPlan().files;

test('other settings count for the next line of what runs already', async (t) => {
  const { dir, log, say } = open(t, {});
  const out = join(dir, 'plain', 'out.log');
  say('one');
  log.configure(loggedApp({ files: { ...noFiles, out } }));
  say('two');
  log.configure(loggedApp({ files: { ...noFiles, out, style: 'json' }, format: 'json' }));
  say('three');
  assert.equal(notedFormat(dir, 'web'), 'json');
  log.configure(loggedApp({}));
  say('four');
  assert.equal(notedFormat(dir, 'web'), 'text');
  const [two, three, ...more] = readFileSync(out, 'utf8').trimEnd().split('\n');
  assert.equal(two, 'two');
  assert.equal(JSON.parse(three ?? '').message, 'three\n');
  assert.deepEqual(more, []);
  assert.equal(readFileSync(join(dir, 'web.log'), 'utf8').match(/ out (one|two|three|four)\n/g)?.length, 4);
});

test('with more instances, files get numbers', (t) => {
  const { dir, log, say } = open(t, { files: { ...noFiles, out: '/dev/null' } });
  const out = join(dir, 'out.log');
  log.configure(loggedApp({ files: { ...noFiles, out } }, 3));
  say('one');
  assert.ok(!existsSync(out));
  assert.equal(readFileSync(join(dir, 'out-0.log'), 'utf8'), 'one\n');
});

test('a new target gets what is written from then on; one that is taken away gets nothing more', async (t) => {
  const texts: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    for (const line of body.trimEnd().split('\n')) texts.push(JSON.parse(line).text);
    response.end();
  });
  cleanup(t, () => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const { dir, log, say } = open(t, {});
  const forward = [{ kind: 'http', url: `http://127.0.0.1:${port}/`, headers: {} }] as const;
  say('before');
  log.configure(loggedApp({ forward }));
  say('with it');
  await until(() => texts.length > 0, { why: 'it has arrived' });
  log.configure(loggedApp({}));
  await until(() => readFileSync(join(dir, 'forward-web.json'), 'utf8') === '{}', { why: 'it is forgotten' });
  say('after');
  log.configure(loggedApp({ forward }));
  say('with it again');
  await until(() => texts.length > 1, { why: 'it has arrived, too' });
  assert.deepEqual(texts, ['with it', 'with it again']);
});

test('flushing empties the log and the plain files', (t) => {
  const { dir, log, say } = open(t, { files: { ...noFiles, out: '/dev/null' } });
  const out = join(dir, 'out.log');
  log.configure(loggedApp({ files: { ...noFiles, out }, rotateBytes: 100, compress: false }));
  for (let n = 0; n < 10; n++) say(`line ${n}`);
  log.flush();
  assert.equal(readFileSync(out, 'utf8') + readFileSync(join(dir, 'web.log'), 'utf8'), '');
  say('new');
  assert.equal(readFileSync(out, 'utf8'), 'new\n');
});
