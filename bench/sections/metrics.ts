import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../test/support/ports.ts';
import { listening, program } from '../contenders/apps.ts';
import { edgeOn, holdfastHome, holdfastVersion, pidsOf } from '../contenders/holdfast.ts';
import { figure, median, table } from '../kit/figures.ts';
import { totalCpuMs } from '../kit/processes.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Aim, Section } from '../kit/section.ts';
import { wrk } from '../kit/wrk.ts';

const MANY = 100;
const SERVING = 2;
const CONNECTIONS = 16;
/** Several samples of ten seconds each. */
const WATCH_MS = 30_000;
const SETTLE_MS = 10_000;
const SCRAPE_MS = 1_000;

interface Look {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Of one core, in percent: the daemon, and what answers those who ask. */
  readonly daemon: number;
  readonly server: number;
}

/** What it costs to keep numbers, and to ask for them. */
export const metrics: Section = {
  name: 'metrics',
  title: 'Numbers, kept and asked for',
  about: `${MANY} instances, ${SERVING} of them behind the edge. "Idle": nobody asks anything, over ${WATCH_MS / 1000} s, with the samples of each ten seconds
that history and alerts are made of. "Load": wrk with ${CONNECTIONS} connections, as fast as it goes; "scraped": the same while \`/metrics\` is asked for each
second. CPU in percent of one core, of the daemon and of the process that answers \`/metrics\`. Medians of the rounds, which take turns.`,
  async run({ rounds, seconds, say }) {
    if (!holdfastVersion()) return { text: '', aims: [] };
    const scratch = new Scratch();
    try {
      const holdfast = holdfastHome(scratch);
      const [port, metricsPort] = [await freePort(), await freePort()];
      await holdfast.up({
        apps: {
          app: { run: program('app.js'), instances: SERVING },
          idle: { run: program('idle.js'), instances: MANY - SERVING, ready: 'started' },
        },
        sites: { '*': { routes: { '/': 'app' } } },
        ...edgeOn(port),
        metrics: { listen: metricsPort },
      });
      await listening(port);
      await listening(metricsPort);
      const url = `http://127.0.0.1:${metricsPort}/metrics`;
      const watched = { daemon: [holdfast.daemonPid()], server: pidsOf(await holdfast.apps(), 'dashboard') };
      const measure = async (action: () => Promise<{ perSecond: number; p99Ms: number }>): Promise<Look> => {
        const before = [totalCpuMs(watched.daemon), totalCpuMs(watched.server)] as const;
        const since = performance.now();
        const result = await action();
        const share = (now: number, then: number) => ((now - then) / (performance.now() - since)) * 100;
        return {
          ...result,
          daemon: share(totalCpuMs(watched.daemon), before[0]),
          server: share(totalCpuMs(watched.server), before[1]),
        };
      };
      const load = () => wrk(`http://127.0.0.1:${port}/`, seconds, CONNECTIONS);
      await load();
      await sleep(SETTLE_MS);
      const idle = await measure(async () => {
        await sleep(WATCH_MS);
        return { perSecond: 0, p99Ms: Number.NaN };
      });
      const plain: Look[] = [];
      const scraped: Look[] = [];
      for (let round = 1; round <= rounds; round++) {
        plain.push(await measure(load));
        scraped.push(await measure(() => whileScraped(url, load)));
        say(`round ${round}: p99 ${plain.at(-1)?.p99Ms} ms, scraped ${scraped.at(-1)?.p99Ms} ms`);
      }
      const bytes = (await (await fetch(url)).text()).length;
      const [one, other] = [middle(plain), middle(scraped)];
      const rows = [
        rowOf('Idle', idle),
        rowOf('Load', one),
        rowOf(`Load, scraped each second (${Math.round(bytes / 1000)} kB)`, other),
      ];
      const head = ['', 'requests/s', 'p99 ms', 'daemon CPU %', 'server of /metrics CPU %'];
      return { text: table(head, rows), aims: aims(idle, one, other) };
    } finally {
      await scratch.close();
    }
  },
};

async function whileScraped<T>(url: string, action: () => Promise<T>): Promise<T> {
  const scrape = async () => void (await (await fetch(url)).text());
  const timer = setInterval(() => void scrape().catch(() => {}), SCRAPE_MS);
  try {
    return await action();
  } finally {
    clearInterval(timer);
  }
}

function middle(looks: readonly Look[]): Look {
  const of = (value: (look: Look) => number) => median(looks.map(value));
  return {
    perSecond: of(({ perSecond }) => perSecond),
    p99Ms: of(({ p99Ms }) => p99Ms),
    daemon: of(({ daemon }) => daemon),
    server: of(({ server }) => server),
  };
}

function rowOf(name: string, { perSecond, p99Ms, daemon, server }: Look): string[] {
  const shares = [daemon, server].map((share) => share.toFixed(2));
  return [name, perSecond === 0 ? '-' : figure(perSecond), figure(p99Ms), ...shares];
}

function aims(idle: Look, plain: Look, scraped: Look): Aim[] {
  const times = scraped.p99Ms / plain.p99Ms;
  return [
    {
      what: `CPU of a daemon that keeps the numbers of ${MANY} idle instances`,
      aim: '<= 1 % of a core',
      result: `${idle.daemon.toFixed(2)} %`,
      met: idle.daemon <= 1,
    },
    {
      what: 'The p99 of requests while `/metrics` is asked for each second',
      aim: '<= 1.1 x of that without',
      result: `${times.toFixed(2)} x`,
      met: times <= 1.1,
    },
  ];
}
