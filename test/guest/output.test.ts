/** The last words of an app: a full pipe must not swallow what it prints before it ends. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanup, type Test } from '../support/cleanup.ts';
import { tempDir } from '../support/temp-dir.ts';
import { guestFile } from './play-daemon.ts';

const LINES = 50_000;

/** Runs `code` with stdout and stderr on a FIFO, as the daemon does, and reads slowly at first. */
async function outputOf(t: Test, code: string, env: Record<string, string>): Promise<string> {
  const dir = tempDir(t);
  const fifo = join(dir, 'out');
  execFileSync('mkfifo', [fifo]);
  const both = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const child = spawn(process.execPath, ['--require', guestFile, '-e', code], {
    cwd: dir, // where a core dump may land
    stdio: ['ignore', both, both],
    env: { ...process.env, ...env },
  });
  const reader = new Socket({
    fd: openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK),
    readable: true,
  });
  closeSync(both);
  cleanup(t, () => {
    reader.destroy();
    child.kill('SIGKILL');
  });
  let text = '';
  reader.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.length > 300_000) return;
    reader.pause(); // a busy daemon: the pipe is full most of the time
    sleep(2).then(() => reader.resume());
  });
  const ended = once(reader, 'end');
  await once(child, 'exit');
  await ended;
  return text;
}

const orders = {
  HOLDFAST_GUEST: JSON.stringify({ link: '/nonexistent/link.sock', instance: 'web.0', serial: 1 }),
};
const many = (where: string) =>
  `for (let i = 0; i < ${LINES}; i++) console.${where}('line ' + i + ' ' + 'x'.repeat(40));`;

const endings = {
  'process.exit after stdout': `${many('log')} process.exit(1);`,
  'process.exit after stderr': `${many('error')} process.exit(1);`,
  'a throw': `${many('log')} throw new Error('last words');`,
  'an unhandled rejection': `${many('log')} Promise.reject(new Error('last words'));`,
  'process.abort': `${many('log')} process.abort();`,
};

for (const [how, code] of Object.entries(endings)) {
  test(`${LINES} lines, then ${how}: all arrive`, async (t) => {
    const text = await outputOf(t, code, orders);
    const lines = text.split('\n').filter((line) => line.startsWith('line '));
    assert.equal(lines.length, LINES);
    assert.equal(lines.at(-1)?.startsWith(`line ${LINES - 1} `), true);
    if (code.includes('last words')) assert.match(text, /Error: last words\n {4}at /);
  });
}

test('without the guest they would not, so the test above means something', async (t) => {
  const text = await outputOf(t, endings['process.exit after stdout'], {});
  assert.ok(text.split('\n').length < LINES, 'Node writes to a full pipe asynchronously');
});

test('packages that are links, as those of pnpm, are still found by where they really are', async (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, 'node_modules'));
  mkdirSync(join(dir, 'store/x'), { recursive: true });
  writeFileSync(join(dir, 'store/x/index.js'), 'console.log(__filename);');
  symlinkSync('../store/x', join(dir, 'node_modules/x'));
  const main = join(dir, 'main.js');
  writeFileSync(main, "require('x');");
  const text = await outputOf(t, `require(${JSON.stringify(main)});`, orders);
  assert.equal(text.trim(), join(dir, 'store/x/index.js'));
});
