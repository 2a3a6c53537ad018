import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieName, cookieValue, engineSession, HandshakeLook, readCookie, Sessions } from './sticky.ts';
import type { Target } from './target.ts';

test('requests of Engine.IO are recognised by their query', () => {
  assert.equal(engineSession('?EIO=4&transport=polling&t=x'), '');
  assert.equal(engineSession('?EIO=4&transport=polling&sid=abc-_1&t=x'), 'abc-_1');
  assert.equal(engineSession('?sid=abc'), undefined);
  assert.equal(engineSession('?NEIO=4&sid=abc'), undefined);
  assert.equal(engineSession(''), undefined);
});

test('the id of a new session is found in every framing, and in pieces', () => {
  const answers = [
    '0{"sid":"abc-_1","upgrades":[]}',
    '97:0{"sid":"abc-_1","upgrades":[]}2:40',
    '\0\x09\x07\xff0{"sid":"abc-_1"}',
    '___eio[0]("0{\\"sid\\":\\"abc-_1\\"}");',
  ];
  for (const answer of answers) {
    for (const size of [1, 5, 1_000]) {
      const look = new HandshakeLook();
      let sid: string | undefined;
      for (let at = 0; at < answer.length && !look.over; at += size) {
        const piece = Buffer.from(answer.slice(at, at + size), 'latin1');
        sid = look.at(piece, 0, piece.length);
      }
      assert.equal(sid, 'abc-_1');
    }
  }
  const look = new HandshakeLook();
  assert.equal(look.at(Buffer.alloc(1_000, 'x'), 0, 1_000), undefined);
  assert.equal(look.over, true);
});

test('sessions are bounded, and forgotten when they are not used or their target is gone', () => {
  const sessions = new Sessions();
  const target = { state: 'ready', sessions: 0 } as Target;
  const other = { state: 'ready', sessions: 0 } as Target;
  for (let i = 0; i < 100_001; i++) sessions.learn(`s${i}`, target, 0);
  assert.equal(target.sessions, 100_000);
  assert.equal(sessions.find('s0', 0), undefined);
  sessions.learn('s5', other, 0);
  assert.equal(sessions.find('s7', 100_000), target);
  sessions.expire(200_000);
  assert.deepEqual([target.sessions, other.sessions], [1, 0]);
  assert.equal(sessions.find('s7', 200_000), target);
  target.state = 'gone';
  assert.equal(sessions.find('s7', 200_000), undefined);
  assert.equal(target.sessions, 0);
});

test('a cookie is read by its whole name', () => {
  assert.equal(readCookie('xa=0; a=1;b="2" ; a=3', 'a'), '1');
  assert.equal(readCookie('xa=0', 'a'), undefined);
  assert.equal(readCookie('', 'a'), undefined);
  assert.notEqual(cookieValue('web.0#1'), cookieValue('web.0#2'));
  assert.match(cookieName('my app'), /^holdfast-[\w-]{8}$/);
});
