/** A soak: many apps, much mischief, and then a look at what is left of it all. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatBytes, formatDuration } from '../../src/kit/units.ts';
import type { Test } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { checkLines, differences, leaks, memoryOf, openFiles, orphans } from './audit.ts';
import { makeMischief } from './deeds.ts';
import { type SoakApp, soakConfig } from './programs.ts';
import { Chance } from './random.ts';

export interface SoakOptions {
  readonly seed: number;
  /** ms of mischief. */
  readonly duration: number;
  readonly apps: number;
  /** At the start, over all apps. */
  readonly instances: number;
  /** Gets lines about how it goes on. */
  say(line: string): void;
}

export interface SoakReport {
  /** By what was looked at: what is wrong; empty when all is well. */
  readonly problems: Readonly<Record<string, readonly string[]>>;
  /** For people. */
  readonly summary: readonly string[];
  readonly history: readonly string[];
}

interface MemorySample {
  readonly at: number;
  readonly pid: number;
  readonly bytes: number;
}

/** In the last two fifths the daemon is left alive, and must not grow by more than this. */
const CALM_FROM = 0.6;
const GROWTH_SHARE = 0.2;
const GROWTH_BYTES = 12 * 1024 * 1024;
const SAMPLE_MS = 1000;
/** Until then a new daemon compiles, and its heap finds its size. */
const WARM_AFTER_MS = 30_000;
/** What is shorter says nothing about growth. */
const LONG_MS = 60_000;

export async function soak(t: Test, options: SoakOptions): Promise<SoakReport> {
  const { seed, duration, say } = options;
  const home = testHome(t);
  const apps = spread(options.apps, options.instances);
  const { config, notes } = await soakConfig(home.dir, apps);
  configure(home, config);
  say(`${apps.length} apps, ${options.instances} instances, seed ${seed}: starting`);
  await home.ok(['up'], { timeout: 300_000 });
  const chance = new Chance(seed);
  say(`all run; ${formatDuration(duration)} of mischief`);

  const samples: MemorySample[] = [];
  const begin = performance.now();
  const sampling = new AbortController();
  const sampler = sample(() => home.daemonPid(), samples, begin, sampling.signal);
  const done = await makeMischief({ home, chance, apps, duration, calm: duration * CALM_FROM, hands: 3 });
  sampling.abort();
  await sampler;

  say('waiting until all is as it should be');
  const settled = await until(async () => (await differences(home, done.wishes)).length === 0, {
    why: 'what is wanted is there',
    deadline: 60_000,
    every: 500,
  }).catch(() => false);
  const unlike = settled ? [] : await differences(home, done.wishes);
  // The holder follows what has changed a moment later; so do pipes of what has just ended.
  await until(() => leaks(home).length === 0, { why: 'no leak', deadline: 10_000 }).catch(() => undefined);
  // A child of one that was killed at the last moment may end a moment later.
  await until(async () => (await orphans(home)).length === 0, { why: 'no orphan', deadline: 10_000 }).catch(
    () => undefined,
  );
  const strays = await orphans(home);
  const leaked = leaks(home);
  const descriptors = openFiles(home.daemonPid()).length;
  const running = (await home.apps()).reduce((sum, { instances }) => sum + instances.length, 0);
  await home.ok(['stop', 'all'], { timeout: 120_000 });
  const found = checkLines(
    home,
    apps.map(({ name }) => name),
    notes,
  );
  const memory = judgeMemory(samples, duration * CALM_FROM);
  return {
    problems: {
      'commands that failed for good': done.refused,
      'not as wanted': unlike,
      'orphan processes': strays,
      'leaked pipes': leaked,
      'log lines': found.problems,
      memory: memory.problems,
    },
    summary: [
      `${done.history.length} deeds in ${formatDuration(performance.now() - begin)}, ${done.daemonKills} times the daemon`,
      `${running} instances at the end, ${descriptors} descriptors open in the daemon`,
      `${found.lines} lines of ${found.runs} runs in the logs`,
      memory.summary,
    ],
    history: done.history,
  };
}

/** This many instances over this many apps, as evenly as it goes. */
function spread(apps: number, instances: number): SoakApp[] {
  return Array.from({ length: apps }, (_, n) => ({
    name: `app-${String(n).padStart(2, '0')}`,
    instances: Math.floor(instances / apps) + (n < instances % apps ? 1 : 0),
  }));
}

async function sample(
  pidOf: () => number,
  samples: MemorySample[],
  begin: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const pid = pidOf();
      const bytes = memoryOf(pid);
      if (bytes > 0) samples.push({ at: performance.now() - begin, pid, bytes });
    } catch {
      // It was just killed.
    }
    await sleep(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Compares the beginning and the end of the last daemon's life, after it had a moment to get warm. */
function judgeMemory(
  samples: readonly MemorySample[],
  calm: number,
): { summary: string; problems: string[] } {
  const last = samples.at(-1)?.pid;
  const born = samples.find(({ pid }) => pid === last)?.at ?? 0;
  const calmSamples = samples.filter(
    ({ at, pid }) => pid === last && at > Math.max(calm, born + WARM_AFTER_MS),
  );
  const quarter = Math.max(1, Math.floor(calmSamples.length / 4));
  const median = (part: readonly MemorySample[]) => {
    const sorted = part.map(({ bytes }) => bytes).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  const before = median(calmSamples.slice(0, quarter));
  const after = median(calmSamples.slice(-quarter));
  const most = Math.max(0, ...samples.map(({ bytes }) => bytes));
  if (calmSamples.length === 0)
    return { summary: `memory of the daemon: at most ${formatBytes(most)}`, problems: [] };
  const summary = `memory of the daemon: ${formatBytes(before)} at the beginning, ${formatBytes(after)} at the end of its calm time; at most ${formatBytes(most)}`;
  const isLong = (calmSamples.at(-1)?.at ?? 0) - (calmSamples[0]?.at ?? 0) >= LONG_MS;
  const grown = isLong && after - before > Math.max(GROWTH_BYTES, before * GROWTH_SHARE);
  return { summary, problems: grown ? [summary] : [] };
}
