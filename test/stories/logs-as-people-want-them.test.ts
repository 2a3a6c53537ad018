/** Logs beside the log: plain files as forever and PM2 write them, collectors, JSON lines; through rotation, deletion and a killed daemon. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cleanup, type Test } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { events } from '../support/journal.ts';
import { logged } from '../support/log-file.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** Numbered lines on both streams, some each tick, for ever. */
const COUNTING = `let n = 0;
setInterval(() => {
  for (let i = 0; i < 5; i++) console.log('line ' + n++);
  console.error('tick');
}, 10);`;

async function killDaemon(home: TestHome): Promise<void> {
  const pid = home.daemonPid();
  process.kill(pid, 'SIGKILL');
  await until(() => home.daemonPid() !== pid && isAlive(home.daemonPid()), {
    why: 'the next daemon is there',
  });
}

/** The numbers of `line 17`, in the order in which they are there. */
function numbersIn(text: string): number[] {
  return [...text.matchAll(/^line (\d+)$/gm)].map(([, number]) => Number(number));
}

function assertUnbroken(numbers: readonly number[], from = numbers[0] ?? 0): void {
  assert.deepEqual(
    numbers,
    numbers.map((_, n) => from + n),
  );
}

/** Takes NDJSON on a port; returns the texts that have arrived. */
async function collector(t: Test, port: number): Promise<{ texts: string[]; stop(): Promise<void> }> {
  const texts: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    for (const line of body.split('\n')) if (line !== '') texts.push(JSON.parse(line).text);
    response.end();
  });
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  cleanup(t, stop);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { texts, stop };
}

describe('logs as people want them', () => {
  test('plain files have every line, through a killed daemon, rotation by others, and deletion', async (t) => {
    const home = testHome(t);
    const [all, out, err] = ['all.log', 'out.log', 'err.log'].map((name) => join(home.dir, 'plain', name));
    assert.ok(all && out && err);
    const run = script(home, 'app.js', COUNTING);
    configure(home, { apps: { web: { run, log: { files: { all, out, err } } } } });
    await home.ok(['up']);
    const has = (path: string, count: number) => () =>
      existsSync(path) && numbersIn(readFileSync(path, 'utf8')).length > count;
    await until(has(out, 100), { why: 'lines are in the plain file' });
    await killDaemon(home);
    await until(has(out, 400), { why: 'the next daemon goes on with it' });

    renameSync(out, `${out}.1`);
    await home.ok(['logs', '--reopen']);
    assert.ok(existsSync(out));
    await until(has(out, 100), { why: 'lines are in the new file' });
    const moved = numbersIn(readFileSync(`${out}.1`, 'utf8'));
    assertUnbroken(moved, 0);
    await home.ok(['stop', 'web']);
    const rest = numbersIn(readFileSync(out, 'utf8'));
    assertUnbroken(rest, moved.length);
    assertUnbroken(numbersIn(readFileSync(all, 'utf8')), 0);
    assert.equal(numbersIn(readFileSync(all, 'utf8')).length, moved.length + rest.length);
    assert.match(readFileSync(err, 'utf8'), /^(tick\n)+$/);
    const log = logged(home, 'web').filter(({ stream }) => stream === 'out');
    assert.equal(log.length, moved.length + rest.length);

    await home.ok(['start', 'web']);
    await until(() => statSync(out).size > 0, { why: 'it writes again' });
    rmSync(out);
    await until(has(out, 50), { why: 'the file that was deleted is there again' });
  });

  test('`append: false` empties them when a person starts the app, not when it crashed', async (t) => {
    const home = testHome(t);
    const out = join(home.dir, 'out.log');
    const text = `const fs = require('node:fs');
console.log('started');
if (!fs.existsSync('crashed')) { fs.writeFileSync('crashed', ''); process.exitCode = 1; }
else setInterval(() => {}, 1000);`;
    const run = script(home, 'app.js', text);
    configure(home, { apps: { web: { run, ready: 'started', log: { files: { out, append: false } } } } });
    const lines = (count: number) =>
      until(() => existsSync(out) && readFileSync(out, 'utf8') === 'started\n'.repeat(count), {
        why: `it has started ${count} times since it was emptied`,
      });
    await home.ok(['up']);
    await lines(2);
    await home.ok(['stop', 'web']);
    await home.ok(['start', 'web']);
    await lines(1);
  });

  test('a collector gets every line, though it is away for a while and the daemon is killed', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const run = script(home, 'app.js', COUNTING);
    const url = `http://127.0.0.1:${port}/logs`;
    const log = { forward: [{ http: url }], rotate: { size: '10KB', keep: 1000 } };
    configure(home, { apps: { web: { run, log } } });
    await home.ok(['up']);
    await until(() => logged(home, 'web').length > 100, { why: 'it writes' });
    await killDaemon(home);
    const first = await collector(t, port);
    await until(() => first.texts.length > 300, { why: 'lines arrive' });
    await first.stop();
    await killDaemon(home);
    const before = first.texts.length;
    const second = await collector(t, port);
    await until(() => second.texts.length > before, { why: 'lines arrive again', deadline: 60_000 });
    await home.ok(['stop', 'web']);
    const { stdout } = await home.ok(['logs', 'web', '--out', '--raw', '--since', '1h']);
    const written = numbersIn(stdout);
    assertUnbroken(written, 0);
    const arrived = () => new Set([...first.texts, ...second.texts].flatMap(numbersIn));
    await until(() => arrived().size === written.length, { why: 'all have arrived', deadline: 60_000 });
  });

  test('the last words before `hold down` reach the collector', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const { texts } = await collector(t, port);
    const text = `process.on('SIGTERM', () => { console.log('goodbye'); process.exit(0); });
console.log('hello'); setInterval(() => {}, 1000);`;
    const log = { forward: [{ http: `http://127.0.0.1:${port}` }] };
    configure(home, { apps: { web: { run: script(home, 'app.js', text), log } } });
    await home.ok(['up']);
    await until(() => texts.length === 1, { why: 'it has said hello' });
    await home.ok(['down']);
    await until(() => texts.includes('goodbye'), { why: 'it has said goodbye' });
  });

  test('JSON of a logger is shown by level and message; the file has it as it was written', async (t) => {
    const home = testHome(t);
    const object = '{"level":50,"time":1772366400000,"pid":1,"hostname":"h","msg":"no db","tries":3}';
    const text = `console.log(${JSON.stringify(object)}); console.log('plain'); setInterval(() => {}, 1000);`;
    configure(home, { apps: { web: { run: script(home, 'app.js', text), log: { format: 'json' } } } });
    await home.ok(['up']);
    await until(() => logged(home, 'web').length === 2, { why: 'both lines are there' });
    const { stdout } = await home.ok(['logs', 'web']);
    assert.match(stdout, /^2026-03-01T12:00:00.000Z web.0 \| ERROR no db tries=3\n\S+ web.0 \| plain\n$/);
    assert.equal(logged(home, 'web')[0]?.text, object);
    assert.equal((await home.ok(['logs', 'web', '--level', 'error', '--raw'])).stdout, `${object}\n`);
    await home.ok(['logs', 'web', '--flush']);
    assert.equal((await home.ok(['logs', 'web'])).stdout, '');
  });

  test('all logs of a home stay below its cap', async (t) => {
    const home = testHome(t);
    const web = { run: app('many-lines.js'), env: { LINES: 30_000 } };
    configure(home, { logs: { total: '3MB' }, apps: { one: web, two: web, three: web } });
    await home.ok(['up']);
    const done = (name: string) => logged(home, name).at(-1)?.text.startsWith('000029999');
    const bytes = () =>
      readdirSync(home.paths.logs).reduce((sum, name) => {
        return sum + (statSync(join(home.paths.logs, name), { throwIfNoEntry: false })?.size ?? 0);
      }, 0);
    let most = 0;
    for (const name of ['one', 'two', 'three'])
      await until(
        () => {
          most = Math.max(most, bytes());
          return done(name);
        },
        { why: `${name} has written all` },
      );
    // Compressing has the old and the new file for a moment.
    assert.ok(most <= 4 * 1024 * 1024, `${most} bytes`);
    assert.ok(bytes() <= 3 * 1024 * 1024, `${bytes()} bytes`);
  });

  test('kill -9 of the daemon in a flood loses at most the chunk that it was about to write, and doubles nothing', async (t) => {
    const home = testHome(t);
    const text = `let n = 0;
(function more() {
  let text = '';
  for (let i = 0; i < 200; i++) text += 'line ' + String(n++).padStart(9, '0') + ' ' + 'x'.repeat(50) + '\\n';
  if (process.stdout.write(text)) setImmediate(more); else process.stdout.once('drain', more);
})();`;
    // Small files, so that it is also killed while it rotates and compresses.
    const log = { rotate: { size: '1MB', keep: 1000 } };
    configure(home, { apps: { web: { run: script(home, 'app.js', text), ready: 'started', log } } });
    await home.ok(['up']);
    const kills = 5;
    const rotated = () => readdirSync(home.paths.logs).filter((name) => name.startsWith('web.log.')).length;
    for (let n = 0; n < kills; n++) {
      const before = rotated();
      await until(() => rotated() > before + 1, { why: 'two more files are rotated', every: 5 });
      await killDaemon(home);
    }
    await home.ok(['stop', 'web']);
    const { stdout } = await home.ok(['logs', 'web', '--raw', '--since', '1d']);
    const seen = [...stdout.matchAll(/^line (\d{9}) x{50}$/gm)].map(([, number]) => Number(number));
    assert.ok(
      seen.every((number, index) => index === 0 || number > (seen[index - 1] ?? 0)),
      'in order, none twice',
    );
    const missing = (seen.at(-1) ?? 0) + 1 - seen.length;
    t.diagnostic(`${missing} of ${seen.length} lines lost by ${kills} kills`);
    // 64 KB and the two lines that it cuts, for each kill.
    assert.ok(missing <= kills * (65536 / 66 + 2), `${missing} lines are missing`);
    assert.equal(events(home, 'daemon.started').length, kills + 1);
  });
});
