import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { app } from '../../test/support/root.ts';
import { foreverVersion, startForever } from '../contenders/forever.ts';
import { holdfastHome, holdfastVersion } from '../contenders/holdfast.ts';
import { pm2Home, pm2Version } from '../contenders/pm2.ts';
import { table } from '../kit/figures.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Section } from '../kit/section.ts';

const endings = { exit: app('five-thousand-lines.js'), throw: app('five-thousand-lines-throw.js') };
const LINE = /line (\d+) of 5000 before/g;
const SETTLE_MS = 2500;

interface Contender {
  readonly name: string;
  version(): string | undefined;
  /** Runs the script, which ends by itself, once or again and again; resolves to the directory of the logs. */
  start(scratch: Scratch, script: string): Promise<string>;
}

const contenders: readonly Contender[] = [
  {
    name: 'forever',
    version: foreverVersion,
    async start(scratch, script) {
      await startForever(scratch, script, {});
      return scratch.path('forever');
    },
  },
  {
    name: 'PM2, fork mode',
    version: pm2Version,
    async start(scratch, script) {
      const pm2 = pm2Home(scratch);
      await pm2.run(['start', script, '--name', 'app', '--no-autorestart']);
      return join(pm2.home, 'logs');
    },
  },
  {
    name: 'PM2, cluster mode',
    version: pm2Version,
    async start(scratch, script) {
      const pm2 = pm2Home(scratch);
      await pm2.run(['start', script, '--name', 'app', '-i', '1', '--no-autorestart']);
      return join(pm2.home, 'logs');
    },
  },
  {
    name: 'Holdfast',
    version: holdfastVersion,
    async start(scratch, script) {
      const holdfast = holdfastHome(scratch);
      // It does not stay up, and `start` says so with its exit code.
      await holdfast.run(['start', script, '-n', 'app']).catch(() => {});
      return holdfast.paths.logs;
    },
  },
];

/** What is left of the lines that an app prints just before its end. */
export const lastWords: Section = {
  name: 'last-words',
  title: 'Last words',
  about: `An app prints 5,000 lines and ends at once, by \`process.exit(1)\` or by a thrown error: how many lines of
its first run are in the log, in the worst of the rounds (it is a race, and differs from round to round).`,
  async run({ rounds, say }) {
    const rows: string[][] = [];
    for (const contender of contenders.filter(({ version }) => version() !== undefined)) {
      const kept: string[] = [];
      for (const script of Object.values(endings)) {
        const counts: number[] = [];
        for (let round = 0; round < rounds; round++) counts.push(await runOnce(contender, script));
        kept.push(Math.min(...counts).toLocaleString('en-US'));
      }
      say(`${contender.name}: ${kept.join(' / ')}`);
      rows.push([`${contender.name} (${contender.version()})`, ...kept]);
    }
    return { text: table(['lines kept of 5,000', '`process.exit(1)`', '`throw`'], rows), aims: [] };
  },
};

async function runOnce(contender: Contender, script: string): Promise<number> {
  const scratch = new Scratch();
  try {
    const logs = await contender.start(scratch, script);
    await sleep(SETTLE_MS);
    return keptOfFirstRun(logs);
  } finally {
    await scratch.close();
  }
}

/** Lines up to the second time that line 1 comes: there the second run begins. */
function keptOfFirstRun(dir: string): number {
  const numbers = filesIn(dir).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(LINE)].map(([, n]) => Number(n)),
  );
  const second = numbers.indexOf(1, 1);
  return new Set(second === -1 ? numbers : numbers.slice(0, second)).size;
}

function filesIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .map((name) => join(dir, name))
    .filter((path) => path.endsWith('.log') && statSync(path).isFile());
}
