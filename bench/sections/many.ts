import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { holdfastBin } from '../../test/support/root.ts';
import { until } from '../../test/support/until.ts';
import { program } from '../contenders/apps.ts';
import { type Holdfast, holdfastHome, holdfastVersion } from '../contenders/holdfast.ts';
import { pm2Home, pm2Version } from '../contenders/pm2.ts';
import { figure, median, table } from '../kit/figures.ts';
import { totalCpuMs, totalPssMb } from '../kit/processes.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Aim, Section } from '../kit/section.ts';

const run = promisify(execFile);
const script = program('idle.js');
const MANY = 100;
const SETTLE_MS = 10_000;
const WATCH_MS = 20_000;
const RUNS = 11;

interface Look {
  /** Share of one core, in percent, of what supervises. */
  readonly cpu: number;
  readonly memory: number;
  readonly listMs: number;
}

/** What many instances cost those who look after them. */
export const many: Section = {
  name: 'many',
  title: 'A hundred instances',
  about: `${MANY} processes of Node that do nothing, as ten apps of ten instances, and one alone. "CPU" is that of the supervisor while
nobody asks it anything, over ${WATCH_MS / 1000} s, in percent of one core (Holdfast: daemon and holder); "memory" its PSS in MB; "list" the wall
time of \`hold ls\` and \`pm2 ls\`, medians of ${RUNS}.`,
  async run({ say }) {
    const rows: string[][] = [];
    const looks = new Map<number, Look>();
    for (const count of [1, MANY]) {
      if (holdfastVersion()) {
        const look = await withHoldfast(count);
        looks.set(count, look);
        rows.push(rowOf(`Holdfast (${holdfastVersion()})`, count, look));
      }
      if (pm2Version()) rows.push(rowOf(`PM2, fork mode (${pm2Version()})`, count, await withPm2(count)));
      for (const row of rows.slice(-2)) say(row.join(' / '));
    }
    const head = ['', 'instances', 'idle CPU %', 'memory MB', 'list ms'];
    return { text: table(head, rows), aims: aims(looks.get(1), looks.get(MANY)) };
  },
};

function rowOf(name: string, count: number, { cpu, memory, listMs }: Look): string[] {
  return [name, String(count), cpu.toFixed(2), figure(memory), figure(listMs)];
}

function aims(one: Look | undefined, all: Look | undefined): Aim[] {
  if (!one || !all) return [];
  const times = all.listMs / one.listMs;
  return [
    {
      what: `CPU of an idle daemon with ${MANY} instances`,
      aim: '<= 0.5 % of a core',
      result: `${all.cpu.toFixed(2)} %`,
      met: all.cpu <= 0.5,
    },
    {
      what: `Time of \`hold ls\` with ${MANY} instances`,
      aim: '<= 1.5 x its time with 1',
      result: `${times.toFixed(2)} x`,
      met: times <= 1.5,
    },
  ];
}

async function withHoldfast(count: number): Promise<Look> {
  const scratch = new Scratch();
  try {
    const holdfast = holdfastHome(scratch);
    const names = Array.from({ length: Math.max(1, count / 10) }, (_, i) => `app${i}`);
    const instances = count / names.length;
    await holdfast.up({
      apps: Object.fromEntries(names.map((name) => [name, { run: script, instances, ready: 'started' }])),
    });
    const env = { ...process.env, HOLDFAST_HOME: holdfast.paths.home };
    return await look(
      () => pidsOf(holdfast),
      () => run(process.execPath, [holdfastBin, 'ls'], { env }),
    );
  } finally {
    await scratch.close();
  }
}

function pidsOf(holdfast: Holdfast): number[] {
  const holder = holdfast.holderPid();
  return [holdfast.daemonPid(), ...(holder ? [holder] : [])];
}

async function withPm2(count: number): Promise<Look> {
  const scratch = new Scratch();
  try {
    const pm2 = pm2Home(scratch);
    const names = Array.from({ length: Math.max(1, count / 10) }, (_, i) => `app${i}`);
    const instances = count / names.length;
    const apps = names.map((name) => ({ name, script, instances, exec_mode: 'fork' }));
    const file = scratch.path('ecosystem.json');
    writeFileSync(file, JSON.stringify({ apps }));
    await pm2.run(['start', file]);
    await until(() => pm2.appPids().length >= count, { why: 'all instances run', deadline: 120_000 });
    return await look(
      () => [pm2.daemonPid()],
      () => pm2.run(['ls']),
    );
  } finally {
    await scratch.close();
  }
}

async function look(pids: () => number[], list: () => Promise<unknown>): Promise<Look> {
  await sleep(SETTLE_MS);
  const watched = pids();
  const before = totalCpuMs(watched);
  const since = performance.now();
  await sleep(WATCH_MS);
  const cpu = ((totalCpuMs(watched) - before) / (performance.now() - since)) * 100;
  const memory = totalPssMb(watched);
  const times: number[] = [];
  for (let round = 0; round < RUNS; round++) {
    const startedAt = performance.now();
    await list();
    times.push(performance.now() - startedAt);
  }
  return { cpu, memory, listMs: median(times) };
}
