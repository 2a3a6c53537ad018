import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../test/support/ports.ts';
import { app } from '../../test/support/root.ts';
import { listening } from '../contenders/apps.ts';
import { foreverVersion, startForever } from '../contenders/forever.ts';
import { holdfastEdge, holdfastHeldPort } from '../contenders/holdfast.ts';
import { pm2Home, pm2Version } from '../contenders/pm2.ts';
import { runitVersion, startRunit } from '../contenders/runit.ts';
import { figure, median, table } from '../kit/figures.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Section } from '../kit/section.ts';

const script = app('hello.js');
/** A new connection is tried this often while the app is away. */
const PROBE_MS = 2;
const UP_MS = 1500;

interface Contender {
  readonly name: string;
  version(): string | undefined;
  start(scratch: Scratch): Promise<{ url: string }>;
}

const pm2: Contender = {
  name: 'PM2, fork mode',
  version: pm2Version,
  async start(scratch) {
    const port = await freePort();
    await pm2Home(scratch).run(['start', script, '--name', 'app'], { PORT: String(port) });
    await listening(port);
    return { url: `http://127.0.0.1:${port}/` };
  },
};

const forever: Contender = {
  name: 'forever',
  version: foreverVersion,
  async start(scratch) {
    const port = await freePort();
    await startForever(scratch, script, { PORT: String(port) });
    await listening(port);
    return { url: `http://127.0.0.1:${port}/` };
  },
};

const runit: Contender = {
  name: 'runit',
  version: runitVersion,
  async start(scratch) {
    const port = await freePort();
    startRunit(scratch, script, { PORT: String(port) });
    await listening(port);
    return { url: `http://127.0.0.1:${port}/` };
  },
};

const contenders: Contender[] = [runit, forever, pm2, holdfastHeldPort(script, 1), holdfastEdge(script, 1)];

interface Gap {
  readonly milliseconds: number;
  readonly refused: number;
  readonly failed: number;
}

/** How long a crash of the only instance is felt, and by whom. */
export const crash: Section = {
  name: 'crash',
  title: 'From a crash to the next answer',
  about: `One instance of a minimal HTTP app is killed with SIGKILL while a client opens a new connection every ${PROBE_MS} ms.
"Away" is the time from the kill to the first answer of the next process, most of which is Node's own start (forever is
set to wait 100 ms). "Refused" counts connections that nobody accepted meanwhile, "failed" those that broke in another
way; with Holdfast they wait and are answered. Medians of at least 5 first crashes, each of a fresh start.`,
  async run({ rounds, say }) {
    const rows: string[][] = [];
    for (const contender of contenders.filter(({ version }) => version() !== undefined)) {
      const gaps: Gap[] = [];
      for (let round = 0; round < Math.max(5, rounds); round++) gaps.push(await crashOf(contender));
      const of = (pick: (gap: Gap) => number) => figure(median(gaps.map(pick)));
      const row = [
        of(({ milliseconds }) => milliseconds),
        of(({ refused }) => refused),
        of(({ failed }) => failed),
      ];
      rows.push([`${contender.name} (${contender.version()})`, ...row]);
      say(`${contender.name}: ${row.join(' / ')}`);
    }
    return { text: table(['', 'away ms', 'refused', 'failed'], rows), aims: [] };
  },
};

/** The first crash of an app that has run for a while: supervisors wait longer before they start again what crashes often. */
async function crashOf(contender: Contender): Promise<Gap> {
  const scratch = new Scratch();
  try {
    const { url } = await contender.start(scratch);
    await sleep(UP_MS);
    return await crashOnce(url);
  } finally {
    await scratch.close();
  }
}

async function crashOnce(url: string): Promise<Gap> {
  const { pid: victim } = await ask(url);
  let refused = 0;
  let failed = 0;
  let answeredAt = 0;
  const asked: Promise<void>[] = [];
  const killedAt = performance.now();
  process.kill(victim, 'SIGKILL');
  while (answeredAt === 0 && performance.now() - killedAt < 20_000) {
    const one = ask(url).then(
      ({ pid }) => {
        if (pid !== victim && answeredAt === 0) answeredAt = performance.now();
      },
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') refused += 1;
        else failed += 1;
      },
    );
    asked.push(one);
    await sleep(PROBE_MS);
  }
  await Promise.all(asked);
  return { milliseconds: answeredAt - killedAt, refused, failed };
}

/** One request on a connection of its own. */
function ask(url: string): Promise<{ pid: number }> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, timeout: 20_000 }, (res) => {
      let text = '';
      res.on('data', (chunk) => {
        text += chunk;
      });
      res.on('error', reject);
      res.on('end', () => {
        const pid = Number(/pid (\d+)/.exec(text)?.[1]);
        if (res.statusCode === 200 && pid) resolve({ pid });
        else reject(new Error(`status ${res.statusCode}: ${text}`));
      });
    }).on('error', reject);
  });
}
