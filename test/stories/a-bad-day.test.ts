/** Everything that may die dies, again and again and in the middle of everything else, while people give commands. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { isAlive, processesWith } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const ROUNDS = Number(process.env.HOLDFAST_TEST_ROUNDS ?? 12);
const CONNECTIONS = 4;

/** Repeatable: the same seed gives the same day (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Kills who is named in a pid file; `hold` must be left to bring it back, so wait for the next one. */
async function killNamed(file: string): Promise<void> {
  const pidIn = () => JSON.parse(readFileSync(file, 'utf8')).pid as number;
  const pid = pidIn();
  process.kill(pid, 'SIGKILL');
  await until(() => pidIn() !== pid && isAlive(pidIn()), {
    why: `there is another one in ${file}`,
    deadline: 60_000,
  });
}

/** The instances that run, however they are known. */
function running(home: TestHome): number[] {
  return processesWith(`HOLDFAST_HOME=${home.paths.home}\0`)
    .filter(({ command }) => command.includes('hello.js'))
    .map(({ pid }) => pid);
}

test('a bad day', async (t) => {
  const seed = Number(process.env.HOLDFAST_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  t.diagnostic(`seed ${seed}`);
  const below = generator(seed);
  const home = testHome(t);
  const port = await freePort();
  await home.ok(['start', app('hello.js'), '-n', 'web', '-i', '2', '-p', String(port)]);
  const url = `http://127.0.0.1:${port}/`;
  const loads = [true, false].map((keepAlive) =>
    startLoad(t, { url, expect: 'url', keepAlive, connections: CONNECTIONS, pauseMs: 10 }),
  );
  const [reused, single] = await Promise.all(loads);

  let wanted = 2;
  let kills = 0;
  const commands: Promise<unknown>[] = [];
  const day: string[] = [];
  const deeds: Record<string, () => unknown> = {
    'kill an instance': () => {
      const pids = running(home);
      const pid = pids[below(pids.length)];
      if (pid === undefined) return;
      kills += 1;
      process.kill(pid, 'SIGKILL');
    },
    'kill the daemon': () => killNamed(home.paths.daemonPid),
    'kill the holder': () => killNamed(home.paths.holderPid),
    reload: () => commands.push(home.run(['reload', 'web'])),
    restart: () => commands.push(home.run(['restart', 'web'])),
    scale: () => {
      wanted = 1 + below(3);
      return home.run(['scale', 'web', String(wanted)]);
    },
    look: () => home.run(['ls']),
  };
  const names = Object.keys(deeds);
  for (let round = 0; round < ROUNDS; round++) {
    const name = names[below(names.length)] ?? 'look';
    day.push(name);
    await deeds[name]?.();
  }
  await Promise.all(commands);

  // A command whose daemon was killed may have come to nothing; this one says it again.
  const said = `seed ${seed}: ${day.join(', ')}`;
  await until(async () => (await home.run(['scale', 'web', String(wanted)])).code === 0, {
    why: `all is well (${said})`,
    deadline: 60_000,
  });
  const ready = (await home.ready('web', wanted)).map(({ pid }) => pid ?? 0);
  await until(() => running(home).length === wanted, { why: `nothing else runs (${said})` });
  assert.deepEqual(running(home).sort(), ready.sort());
  for (const report of [await reused?.stop(), await single?.stop()]) {
    assert.equal(report?.refused, 0, `${said}\n${JSON.stringify(report)}`);
    assert.ok((report?.failed ?? 0) <= kills * CONNECTIONS, `${said}\n${JSON.stringify(report)}`);
  }
});
