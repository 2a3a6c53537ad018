import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../test/support/until.ts';
import { program } from '../contenders/apps.ts';
import { holdfastHome, holdfastVersion, pidsOf } from '../contenders/holdfast.ts';
import { pm2Home, pm2Version } from '../contenders/pm2.ts';
import { figure, median, ratio, table } from '../kit/figures.ts';
import { totalCpuMs } from '../kit/processes.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Aim, Section } from '../kit/section.ts';

const LINES = 1_000_000;
/** How the app prints, as bench/programs/lines.js calls it, and as people do. */
const WAYS = {
  'console.log': '`console.log`',
  'stdout.write': '`stdout.write`',
  batches: '100 lines a write',
};

/** An app that waits for SIGUSR2 to print, and the file in which its lines end. */
interface Logged {
  readonly file: string;
  readonly app: number;
  /** The processes that carry the lines. */
  readonly carriers: readonly number[];
}

interface Contender {
  readonly name: string;
  version(): string | undefined;
  /** Starts bench/programs/lines.js with this environment. */
  start(scratch: Scratch, env: Readonly<Record<string, string>>): Promise<Logged>;
}

interface Result {
  readonly perSecond: number;
  readonly cpuSeconds: number;
}

const straight: Contender = {
  name: 'straight to a file, Node',
  version: () => process.versions.node,
  async start(scratch, env) {
    const file = scratch.path('app.log');
    const { pid } = scratch.start(process.execPath, [program('lines.js')], {
      env,
      stdout: openSync(file, 'w'),
    });
    return { file, app: pid, carriers: [] };
  },
};

const pm2: Contender = {
  name: 'PM2, fork mode',
  version: pm2Version,
  async start(scratch, env) {
    const home = pm2Home(scratch);
    await home.run(['start', program('lines.js'), '--name', 'app'], env);
    const app = await until(() => home.appPids()[0], { why: 'PM2 runs the app' });
    return { file: join(home.home, 'logs', 'app-out.log'), app, carriers: [home.daemonPid()] };
  },
};

function holdfast(name: string, log: object): Contender {
  return {
    name,
    version: holdfastVersion,
    async start(scratch, env) {
      const home = holdfastHome(scratch);
      await home.up({ apps: { app: { run: program('lines.js'), env, ready: 'started', log } } });
      const app = await until(async () => pidsOf(await home.apps(), 'app')[0], { why: 'the app runs' });
      return { file: join(home.paths.logs, 'app.log'), app, carriers: [home.daemonPid()] };
    },
  };
}

const ours = holdfast('Holdfast', { rotate: { size: '1GB' }, total: '4GB' });
const contenders = [straight, pm2, ours, holdfast('Holdfast, rotating at 50 MB with gzip (the default)', {})];

/** Lines per second from an app's output to the file. */
export const logs: Section = {
  name: 'logs',
  title: 'Log lines',
  about: `An app prints ${LINES.toLocaleString('en-US')} lines of 120 bytes as fast as it can: with one \`console.log\` each, with one
\`process.stdout.write\` each, or 100 lines in one write, as loggers that buffer do. The clock runs from the signal that starts it until
the last line is in the file. PM2 writes the lines as they are and does not rotate; Holdfast stamps each line with its time,
instance and stream. "CPU" is that of the daemon that carries the lines (gzip included).

Under PM2 an app's stdout is asynchronous: what nobody has read yet piles up in the app's memory, which is fast, and is lost when
it exits. Under Holdfast stdout blocks, as it does to a file, and loses nothing; the app pays one system call a write. Where lines come
slowly enough to be read one by one (\`console.log\`), the cost per read counts, and with large writes what the daemon can carry.`,
  async run({ rounds, say }) {
    const present = contenders.filter((contender) => contender.version() !== undefined);
    const rows: string[][] = [];
    const aims: Aim[] = [];
    for (const [way, called] of Object.entries(WAYS)) {
      const results = new Map(present.map((contender) => [contender, [] as Result[]]));
      for (let round = 1; round <= rounds; round++) {
        for (const [contender, list] of results) {
          const result = await measure(contender, way);
          list.push(result);
          const { perSecond, cpuSeconds } = result;
          say(`round ${round}: ${way}: ${contender.name}: ${perSecond.toFixed(0)} lines/s, ${cpuSeconds} s`);
        }
      }
      const rateOf = (wanted: Contender) =>
        median((results.get(wanted) ?? []).map((result) => result.perSecond));
      for (const [contender, list] of results) {
        rows.push([
          `${contender.name} (${contender.version()})`,
          called,
          figure(rateOf(contender)),
          ratio(rateOf(contender), rateOf(pm2)),
          figure(median(list.map((result) => result.cpuSeconds))),
        ]);
      }
      aims.push(...aim(called, rateOf(ours) / rateOf(pm2)));
    }
    return { text: table(['', 'printed with', 'lines/s', 'x PM2', 'CPU s in the daemon'], rows), aims };
  },
};

function aim(called: string, times: number): Aim[] {
  if (Number.isNaN(times)) return [];
  const what = `Log lines per second, ${called}`;
  return [{ what, aim: '>= 1.8 x PM2', result: `${times.toFixed(2)} x`, met: times >= 1.8 }];
}

async function measure(contender: Contender, way: string): Promise<Result> {
  const scratch = new Scratch();
  try {
    const { file, app, carriers } = await contender.start(scratch, { LINES: String(LINES), WAY: way });
    await until(() => existsSync(file) && tailOf(file).includes('waiting'), { why: 'the app waits' });
    const before = totalCpuMs(carriers);
    const startedAt = performance.now();
    process.kill(app, 'SIGUSR2');
    const last = String(LINES - 1).padStart(9, '0');
    while (!tailOf(file).includes(`${last} x`)) {
      if (performance.now() - startedAt > 120_000)
        throw new Error(`${contender.name}: the last line did not come`);
      await sleep(5);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    // What is compressed or written behind is part of the price.
    await sleep(2000);
    return { perSecond: LINES / seconds, cpuSeconds: (totalCpuMs(carriers) - before) / 1000 };
  } finally {
    await scratch.close();
  }
}

/** The last bytes of a file, which may be rotated away at any moment. */
function tailOf(file: string): string {
  try {
    const fd = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(1024);
      const start = Math.max(0, fstatSync(fd).size - buffer.length);
      return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, start));
    } finally {
      closeSync(fd);
    }
  } catch {
    return '';
  }
}
