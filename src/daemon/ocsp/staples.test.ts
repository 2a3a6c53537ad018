/** Asked of a real responder: `openssl ocsp`. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup, type Test } from '../../../test/support/cleanup.ts';
import { requireProgram } from '../../../test/support/programs.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { until } from '../../../test/support/until.ts';
import { FakeClock } from '../../kit/clock.ts';
import { askResponder } from './ask.ts';
import { ocspQuestion, readOcspAnswer } from './message.ts';
import { Staples } from './staples.ts';
import { type Subject, staplingOf } from './subject.ts';

const MINUTE = 60_000;

/** An authority with a certificate of `a.test`, and what it answers about that: good, or since today revoked. */
function authority(t: Test) {
  const openssl = requireProgram(t, 'openssl');
  if (!openssl) return undefined;
  const dir = tempDir(t);
  const run = (...args: string[]) =>
    execFileSync(openssl, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = (name: string) => readFileSync(join(dir, name), 'utf8');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const sign = (name: string, extensions: string) => {
    writeFileSync(join(dir, 'ext'), extensions);
    run('req', ...newKey, '-keyout', `${name}.key`, '-out', 'csr', '-subj', `/CN=${name}`);
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', `0x${name === 'a.test' ? 'f1' : '02'}`];
    run('x509', '-req', '-in', 'csr', ...by, '-days', '10', '-extfile', 'ext', '-out', `${name}.pem`);
  };
  run(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '20',
    '-subj',
    '/CN=an authority',
  );
  sign('a.test', 'authorityInfoAccess=OCSP;URI:http://ocsp.a.test/\ntlsfeature=status_request\n');
  sign('responder', 'extendedKeyUsage=OCSPSigning\n');
  sign('other', 'extendedKeyUsage=serverAuth\n');
  const say = (status: string) => {
    // A new file: openssl looks at times in whole seconds.
    writeFileSync(join(dir, 'index.new'), `${status}\tF1\tunknown\t/CN=a.test\n`);
    renameSync(join(dir, 'index.new'), join(dir, 'index.txt'));
  };
  say('V\t491231000000Z\t');
  return {
    certPem: text('a.test.pem') + text('ca.pem'),
    revoke: () => say('R\t491231000000Z\t261101000000Z'),
    /** Until the test ends; asks it whatever the URL is. */
    async respond(signer = 'responder', ...more: string[]) {
      const files = [
        '-index',
        'index.txt',
        '-CA',
        'ca.pem',
        '-rsigner',
        `${signer}.pem`,
        '-rkey',
        `${signer}.key`,
      ];
      const child = spawn(openssl, ['ocsp', '-port', '0', ...files, ...more], { cwd: dir });
      cleanup(t, () => child.kill('SIGKILL'));
      let said = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk) => {
          said += chunk;
        });
      }
      const port = await until(() => /^ACCEPT \S+:(\d+)/m.exec(said)?.[1], { why: 'it listens' });
      return (_url: string, question: Buffer, signal: AbortSignal) =>
        askResponder(`http://127.0.0.1:${port}/`, question, signal);
    },
  };
}

function keep(certPem: string, dir: string, ask: typeof askResponder) {
  const events: string[] = [];
  let changes = 0;
  const clock = new FakeClock(Date.now());
  const staples = new Staples({
    clock,
    random: () => 0.5,
    dir,
    ask,
    record: (type, { reason }) => events.push(`${type}: ${reason}`),
    onChange: () => {
      changes++;
    },
  });
  staples.changed([{ names: ['a.test'], certPem, keyPem: '', notAfter: 0 }]);
  return { staples, clock, events, changes: () => changes };
}

test('an answer is got, checked, kept over restarts, got anew at half of its life, and gone when the certificate is revoked', async (t) => {
  const ca = authority(t);
  if (!ca) return;
  const { certPem } = ca;
  const dir = join(tempDir(t), 'certificates');
  const ask = await ca.respond('responder', '-nmin', '60');
  let asked = 0;
  const { staples, clock, events, changes } = keep(certPem, dir, (...question) => {
    asked++;
    return ask(...question);
  });
  t.after(() => staples.close());
  assert.equal(staples.get(certPem), undefined, 'nobody waits for it');
  const first = await until(() => staples.get(certPem), { why: 'it is there' });
  assert.ok(Math.abs(first.until - clock.now() - 60 * MINUTE) < 2 * MINUTE);
  assert.deepEqual([events, staples.notes, changes()], [[], [], 1]);

  const nobody = () => Promise.reject(new Error('nobody may be asked'));
  const next = keep(certPem, dir, nobody);
  assert.deepEqual(next.staples.get(certPem), first);
  next.clock.advance(61 * MINUTE);
  assert.equal(next.staples.get(certPem), undefined, 'it is old');
  next.staples.close();

  clock.advance(25 * MINUTE);
  assert.equal(asked, 1);
  clock.advance(10 * MINUTE);
  assert.equal(asked, 2);
  await until(() => changes() === 2, { why: 'it was got anew' });
  ca.revoke();
  // openssl looks at its files after an answer.
  for (const change of [3, 4]) {
    clock.advance(MINUTE);
    await until(() => changes() === change, { why: 'it was asked again' });
  }
  assert.equal(staples.get(certPem), undefined);
  assert.match(
    events.join('|'),
    /^certificate\.doubtful: a\.test: its certificate is revoked since 2026-11-01T/,
  );
  assert.match(staples.notes.join('|'), /^site "a\.test": its certificate is revoked/);
  assert.deepEqual(readdirSync(dir), []);
});

test('an answer that is not signed by whom the authority lets, is damaged, old or about another certificate is none', async (t) => {
  const ca = authority(t);
  if (!ca) return;
  const { required, subject } = staplingOf(ca.certPem);
  assert.ok(required && subject);
  const { signal } = new AbortController();
  const answerOf = async (signer: string, of: Subject = subject, ...more: string[]) =>
    (await ca.respond(signer, '-nmin', '60', ...more))('', ocspQuestion(of), signal);
  const now = Date.now();
  const read = (answer: Buffer, at = now) => readOcspAnswer(answer, subject, at).status;
  const good = await answerOf('responder');
  assert.equal(read(good), 'good');
  const itself = await answerOf('ca');
  assert.equal(read(itself), 'good');
  assert.equal(read(await answerOf('responder', subject, '-resp_key_id')), 'good');
  const other = await answerOf('other');
  assert.throws(() => read(other), /whom the authority has not allowed/);
  assert.throws(() => read(good, now + 61 * MINUTE), /was good until/);
  assert.throws(() => read(itself, now - 10 * MINUTE), /is the clock of this machine right/);
  const swapped = { ...subject, leaf: subject.issuer };
  const stranger = await answerOf('responder', swapped);
  assert.throws(() => read(stranger), /about another certificate/);
  // Whichever byte is changed: never believed, and never a crash. What is not signed may differ, such as a length of nothing.
  for (let at = 0; at < good.length; at += 3) {
    const damaged = Buffer.from(good);
    damaged[at] = (damaged[at] ?? 0) ^ 0x11;
    try {
      assert.deepEqual(readOcspAnswer(damaged, subject, now), readOcspAnswer(good, subject, now));
    } catch (error) {
      assert.ok(error instanceof Error);
    }
    assert.throws(() => readOcspAnswer(good.subarray(0, at), subject, now));
  }
});

test('a certificate that needs it and cannot have it is told, once; others are served without', async (t) => {
  const ca = authority(t);
  if (!ca) return;
  const { certPem } = ca;
  const { staples, clock, events } = keep(certPem, tempDir(t), () => Promise.reject(new Error('no route')));
  for (let minute = 0; minute < 30; minute++) {
    clock.advance(MINUTE);
    await new Promise(setImmediate);
  }
  assert.equal(events.length, 1);
  assert.match(events[0] ?? '', /must-staple\): no OCSP answer from "http:\/\/ocsp\.a\.test\/": no route$/);
  staples.close();
  const alone = keep(certPem.slice(0, certPem.indexOf('-----END') + 25), tempDir(t), askResponder);
  assert.match(alone.events.join(), /names no responder, or the certificate of its authority is missing/);
  assert.equal(alone.clock.pending, 0);
});

test('an answer without an end is good for a day from when it was made, however late it comes', async (t) => {
  const ca = authority(t);
  if (!ca) return;
  const subject = staplingOf(ca.certPem)?.subject as Subject;
  const ask = await ca.respond();
  const response = await ask('', ocspQuestion(subject), AbortSignal.timeout(5_000));
  const answer = readOcspAnswer(response, subject, Date.now());
  assert.ok(answer.status === 'good' && answer.nextUpdate - answer.thisUpdate === 24 * 60 * MINUTE);
  assert.throws(() => readOcspAnswer(response, subject, Date.now() + 25 * 60 * MINUTE), /was good until/);
});
