/** Apps with `cron` run by the clock: once at a time, never twice, and what was missed is told. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { logged } from '../support/log-file.ts';
import { isAlive } from '../support/processes.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const EVERY_SECOND = '* * * * * *';
/** It comes true, but not while these tests run. */
const IN_A_YEAR = '0 0 1 1 *';

/** Ends when the file is there, with the code that is in it. */
const WAITS = `const { existsSync, readFileSync } = require('node:fs');
console.log('run');
setInterval(() => existsSync('end') && process.exit(Number(readFileSync('end', 'utf8'))), 20);
`;

const jobOf = async (home: TestHome) => (await home.apps()).find(({ name }) => name === 'job');

/** What happened to the job, in order. */
function story(home: TestHome): string[] {
  return readFileSync(`${home.paths.state}/journal.ndjson`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const type = line === '' ? '' : (JSON.parse(line) as { type: string }).type;
      return type.startsWith('job.') ? [type] : [];
    });
}

describe('a job', { concurrency: 3 }, () => {
  test('runs at its times and waits in between', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', "console.log('run');");
    configure(home, { apps: { job: { run, cron: EVERY_SECOND } } });
    await home.ok(['up']);
    await happened(home, 'job.done', { about: 'job', after: 2 });
    const started = events(home, 'job.started', 'job');
    const planned = started.map(({ data }) => String(data?.planned));
    assert.equal(new Set(planned).size, planned.length, 'no time is used twice');
    assert.deepEqual(planned, [...planned].sort());
    assert.equal(started[0]?.reason, 'by the clock');
    assert.equal(events(home, 'instance.crashed', 'job').length, 0);
    await home.ok(['stop', 'job']);
    // The last one may have been stopped before it said anything.
    const said = logged(home, 'job').filter(({ text }) => text === 'run').length;
    assert.ok(said >= events(home, 'job.done', 'job').length);
    assert.ok(said <= events(home, 'job.started', 'job').length);
  });

  test('is shown with when it runs next, and does not run before', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', "console.log('run');");
    configure(home, { apps: { job: { run, cron: { at: '0 4 1 1 *', timezone: 'Asia/Tokyo' } } } });
    await home.ok(['up']);
    const view = await jobOf(home);
    assert.equal(view?.status, 'waiting');
    assert.match(view?.nextRun ?? '', /^\d{4}-12-31T19:00:00\.000Z$/);
    assert.deepEqual(logged(home, 'job'), []);
    await home.ok(['stop', 'job']);
    assert.equal((await jobOf(home))?.nextRun, null);
  });

  test('never overlaps itself: what is due meanwhile is left out and told', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', WAITS);
    configure(home, { apps: { job: { run, cwd: '.', cron: EVERY_SECOND } } });
    await home.ok(['up']);
    const skipped = await happened(home, 'job.skipped', { about: 'job', after: 1 });
    assert.equal(logged(home, 'job').length, 1);
    const { since } = skipped.data as { since: string };
    const [begun] = events(home, 'job.started', 'job');
    assert.ok(Math.abs(Date.parse(since) - Date.parse(begun?.time ?? '')) < 5000);
    writeFileSync(join(home.dir, 'end'), '0');
    await happened(home, 'job.done', { about: 'job', after: 1 });
    assert.deepEqual(
      story(home)
        .filter((type) => type !== 'job.skipped')
        .slice(0, 4),
      ['job.started', 'job.done', 'job.started', 'job.done'],
    );
  });

  test('that fails is not started again before its time, and leaves a crash record', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', "console.error('no space left'); process.exit(3);");
    configure(home, { apps: { job: { run, cron: IN_A_YEAR } } });
    await home.ok(['up']);
    await home.ok(['run', 'job']);
    const failed = await happened(home, 'job.failed', { about: 'job' });
    assert.equal(failed.reason, 'exited with code 3');
    assert.equal(failed.data?.code, 3);
    const crash = await until(async () => (await home.ok(['crashes', 'job', '--json'])).json<object[]>()[0], {
      why: 'there is a crash record',
    });
    assert.match(JSON.stringify(crash), /no space left/);
    assert.equal((await jobOf(home))?.status, 'waiting');
    assert.equal(events(home, 'job.started', 'job').length, 1);
  });

  test('that a person runs says so, and runs once at a time', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', WAITS);
    configure(home, { apps: { job: { run, cwd: '.', cron: IN_A_YEAR } } });
    await home.ok(['up']);
    await home.ok(['run', 'job']);
    assert.equal((await happened(home, 'job.started', { about: 'job' })).reason, 'by hand');
    assert.match((await home.run(['run', 'job'])).stderr, /has not ended/);
    writeFileSync(join(home.dir, 'end'), '0');
    await happened(home, 'job.done', { about: 'job' });
  });

  test('that takes too long is ended, and has failed', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', WAITS);
    configure(home, { apps: { job: { run, cwd: '.', cron: { at: IN_A_YEAR, timeout: '300ms' } } } });
    await home.ok(['up']);
    await home.ok(['run', 'job']);
    const failed = await happened(home, 'job.failed', { about: 'job' });
    assert.equal(failed.reason, 'it ran longer than 300ms');
    await until(async () => (await jobOf(home))?.status === 'waiting', { why: 'it waits for its time' });
  });

  test('runs in each of its slots', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', 'console.log(process.env.HOLDFAST_INSTANCE);');
    configure(home, { apps: { job: { run, instances: 3, cron: EVERY_SECOND } } });
    await home.ok(['up']);
    for (const id of ['job.0', 'job.1', 'job.2']) await happened(home, 'job.done', { about: id });
  });

  test('may finish its run while its settings change', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', WAITS);
    configure(home, { apps: { job: { run, cwd: '.', cron: IN_A_YEAR } } });
    await home.ok(['up']);
    await home.ok(['run', 'job']);
    const { pid } = await happened(home, 'job.started', { about: 'job' });
    configure(home, { apps: { job: { run, cwd: '.', cron: IN_A_YEAR, env: { COLOUR: 'blue' } } } });
    await home.ok(['up']);
    assert.ok(isAlive(pid ?? 0));
    writeFileSync(join(home.dir, 'end'), '0');
    await happened(home, 'job.done', { about: 'job' });
    assert.equal(events(home, 'job.failed', 'job').length, 0);
  });
});

describe('a job whose daemon is killed', { concurrency: 3 }, () => {
  test('goes on with its run, whose end the next daemon tells', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', WAITS);
    configure(home, { apps: { job: { run, cwd: '.', cron: IN_A_YEAR } } });
    await home.ok(['up']);
    await home.ok(['run', 'job']);
    const { pid } = await happened(home, 'job.started', { about: 'job' });
    process.kill(home.daemonPid(), 'SIGKILL');
    await happened(home, 'instance.adopted', { about: 'job' });
    assert.ok(isAlive(pid ?? 0));
    assert.match((await home.run(['run', 'job'])).stderr, /has not ended/);
    writeFileSync(join(home.dir, 'end'), '0');
    const done = await happened(home, 'job.done', { about: 'job' });
    assert.equal(done.data?.code, 0);
    assert.deepEqual(story(home), ['job.started', 'job.done']);
    assert.equal((await jobOf(home))?.status, 'waiting');
  });

  test('is ended by the next daemon when it takes too long', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', WAITS);
    configure(home, { apps: { job: { run, cwd: '.', cron: { at: IN_A_YEAR, timeout: '3s' } } } });
    await home.ok(['up']);
    await home.ok(['run', 'job']);
    process.kill(home.daemonPid(), 'SIGKILL');
    await happened(home, 'instance.adopted', { about: 'job' });
    const failed = await happened(home, 'job.failed', { about: 'job' });
    assert.equal(failed.reason, 'it ran longer than 3s');
  });

  test('and that ends before there is another daemon is told by that one, as far as it can know', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', WAITS);
    configure(home, { apps: { job: { run, cwd: '.', cron: IN_A_YEAR, guest: false } } });
    await home.ok(['up']);
    await home.ok(['run', 'job']);
    const { pid = 0 } = await happened(home, 'job.started', { about: 'job' });
    for (const file of [home.paths.holderPid, home.paths.daemonPid]) {
      process.kill(JSON.parse(readFileSync(file, 'utf8')).pid, 'SIGKILL');
    }
    writeFileSync(join(home.dir, 'end'), '0');
    await until(() => !isAlive(pid), { why: 'the run has ended' });
    assert.equal((await jobOf(home))?.status, 'waiting');
    const done = await happened(home, 'job.done', { about: 'job' });
    assert.match(done.reason ?? '', /how it ended is not known/);
    assert.deepEqual(story(home), ['job.started', 'job.done']);
  });

  test('runs no time twice', async (t) => {
    const home = testHome(t);
    const run = script(home, 'job.js', "console.log('run');");
    configure(home, { apps: { job: { run, cron: EVERY_SECOND } } });
    await home.ok(['up']);
    for (let kills = 0; kills < 3; kills++) {
      await happened(home, 'job.started', { about: 'job', after: events(home, 'job.started').length });
      process.kill(home.daemonPid(), 'SIGKILL');
      await happened(home, 'daemon.started', { after: kills + 1 });
    }
    await happened(home, 'job.done', { about: 'job', after: events(home, 'job.done').length });
    const planned = events(home, 'job.started', 'job').map(({ data }) => String(data?.planned));
    assert.deepEqual(planned, [...new Set(planned)]);
  });

  for (const missed of ['skip', 'run'] as const) {
    test(`with missed: ${missed}, what was due while nothing ran is told and ${missed === 'run' ? 'made up for once' : 'left out'}`, async (t) => {
      const home = testHome(t);
      const run = script(home, 'job.js', "console.log('run');");
      // Half a day away, whenever this test runs.
      const hour = (new Date().getUTCHours() + 12) % 24;
      configure(home, { apps: { job: { run, cron: { at: `0 ${hour} * * *`, timezone: 'UTC', missed } } } });
      await home.ok(['up']);
      const file = join(home.paths.state, 'jobs.json');
      await until(() => existsSync(file), { why: 'the time is kept' });
      const daemon = home.daemonPid();
      process.kill(daemon, 'SIGTERM');
      await until(() => !isAlive(daemon), { why: 'the daemon has ended' });
      const kept = JSON.parse(readFileSync(file, 'utf8'));
      kept.jobs.job.at = new Date(Date.parse(kept.jobs.job.at) - 3 * 24 * 3_600_000).toISOString();
      writeFileSync(file, JSON.stringify(kept));
      await home.apps();
      const event = await happened(home, 'job.missed', { about: 'job' });
      assert.equal(event.data?.times, 3);
      if (missed === 'run') {
        await happened(home, 'job.done', { about: 'job' });
        assert.equal(events(home, 'job.started', 'job')[0]?.reason, 'its time was missed');
      }
      // This one comes after all that the start of the daemon can have caused.
      await home.ok(['run', 'job']);
      await happened(home, 'job.done', { about: 'job', after: missed === 'run' ? 1 : 0 });
      assert.equal(events(home, 'job.started', 'job').length, missed === 'run' ? 2 : 1);
    });
  }
});
