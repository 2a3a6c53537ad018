import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cleanup } from '../../test/support/cleanup.ts';
import { until } from '../../test/support/until.ts';
import {
  ageMs,
  bootId,
  groupMembers,
  identify,
  isAlive,
  isDead,
  parsePsLine,
  parseStat,
  pssBytes,
  readStat,
  rssBytes,
  sessionMembers,
} from './proc.ts';

const linux = process.platform === 'linux' ? {} : { skip: 'needs /proc' };

test('a name with spaces and parentheses does not shift the fields', () => {
  const stat = parseStat(
    '42 (a) b) (c d) S 1 42 40 0 -1 4194560 1 2 3 4 50 60 7 8 20 0 11 0 123456 1000 2000 18446744073709551615 1\n',
  );
  assert.deepEqual(stat, {
    pid: 42,
    comm: 'a) b) (c d',
    state: 'S',
    ppid: 1,
    pgrp: 42,
    session: 40,
    cpuMs: 1100,
    startTime: 123456,
  });
});

test('what is not a stat line is not a process', () => {
  for (const text of ['', '12', '12 (x', '12 (x) S', ')(']) assert.equal(parseStat(text), undefined);
});

test('a line of ps is read', () => {
  const line = '  501     1   501      0 Ss+    1-02:03:04.50 Mon Nov 23 12:00:00 2026     /usr/bin/foo bar';
  assert.deepEqual(parsePsLine(line), {
    pid: 501,
    comm: '/usr/bin/foo bar',
    state: 'Ss+',
    ppid: 1,
    pgrp: 501,
    session: 501,
    cpuMs: (26 * 3600 + 184.5) * 1000,
    startTime: Date.UTC(2026, 10, 23, 12) / 1000,
  });
  assert.equal(parsePsLine(''), undefined);
});

test('this process is found, with its memory', () => {
  const stat = readStat(process.pid);
  assert.equal(stat?.ppid, process.ppid);
  assert.ok((rssBytes(process.pid) ?? 0) > 10_000_000);
  assert.ok((pssBytes(process.pid) ?? 0) > 1_000_000);
  assert.ok(bootId().length > 5);
});

test('nobody is undefined', () => {
  for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 30]) {
    assert.equal(readStat(pid), undefined);
    assert.equal(identify(pid), undefined);
  }
  assert.equal(rssBytes(2 ** 30), undefined);
  assert.equal(pssBytes(2 ** 30), undefined);
});

test('another process with the same pid is not the same process', () => {
  const id = identify(process.pid);
  assert.ok(id);
  assert.equal(isAlive(id), true);
  assert.equal(isAlive({ ...id, startTime: id.startTime + 1 }), false);
});

test('the age of a process is as long as it has run', () => {
  const id = identify(process.pid);
  assert.ok(id);
  const difference = ageMs(id) - process.uptime() * 1000;
  assert.ok(Math.abs(difference) < 30_000, String(difference));
  assert.equal(ageMs({ pid: 1, startTime: 2 ** 50 }), 0);
});

test('a zombie is not alive', linux, async (t) => {
  // The shell never waits for the program that it becomes the parent of.
  const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  cleanup(t, () => parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  const id = { pid, startTime: readStat(pid)?.startTime ?? 0 };
  const zombie = await until(() => readStat(pid)?.state === 'Z' && readStat(pid), { why: 'it is a zombie' });
  assert.equal(zombie.startTime, id.startTime);
  assert.equal(isDead(zombie), true);
  assert.equal(isAlive(id), false);
  assert.equal(identify(pid), undefined);
});

test('members of a group and of a session are found', linux, async (t) => {
  const script = 'sleep 60 & setsid sleep 60 & echo ready; wait';
  const leader = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const { pid = 0 } = leader;
  cleanup(t, () => {
    const stray = strayOf(pid);
    process.kill(-pid, 'SIGKILL');
    if (stray) process.kill(stray, 'SIGKILL');
  });
  await once(leader.stdout, 'data');
  await until(() => groupMembers(pid).filter(({ comm }) => comm === 'sleep').length === 1 && strayOf(pid), {
    why: 'one sleep is in the group and one has left it',
  });
  assert.ok(groupMembers(pid).some((member) => member.pid === pid));
  assert.deepEqual(
    sessionMembers(pid).map((member) => member.pid),
    groupMembers(pid).map((member) => member.pid),
  );
});

for (const [when, prepare] of [
  ['after it has looked around before', 'proc.identify(process.pid);'],
  ['when it has never looked before', ''],
]) {
  test(`a program without a free descriptor takes nobody for dead, ${when}`, linux, async (t) => {
    const sleeper = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    cleanup(t, () => sleeper.kill('SIGKILL'));
    const id = identify(sleeper.pid ?? 0);
    assert.ok(id);
    const proc = new URL(import.meta.url.replace('.test.', '.'));
    const code = `
      const fs = require('node:fs');
      import(${JSON.stringify(proc.href)}).then((proc) => {
        ${prepare}
        const id = ${JSON.stringify(id)};
        const fds = [];
        try { for (;;) fds.push(fs.openSync('/dev/null')); } catch {}
        const said = [proc.isAlive(id), proc.isAlive({ ...id, pid: 2 ** 22 + 1 }), proc.sessionMembers(id.pid).length,
          proc.sessionMembers(2 ** 22 + 1).length];
        for (const fd of fds) fs.closeSync(fd);
        console.log(JSON.stringify(said));
      });`;
    const shell = 'ulimit -n 60; exec "$0" -e "$1"';
    const child = spawn('sh', ['-c', shell, process.execPath, code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    assert.deepEqual(JSON.parse(line.toString()), [true, false, 1, 0]);
  });
}

/** The child of `pid` that made a session of its own. */
function strayOf(pid: number): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return children.find((child) => readStat(child)?.session === child);
}
