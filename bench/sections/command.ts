import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { holdfastBin } from '../../test/support/root.ts';
import { program } from '../contenders/apps.ts';
import { holdfastHome, holdfastVersion } from '../contenders/holdfast.ts';
import { pm2Home, pm2Version } from '../contenders/pm2.ts';
import { figure, median, ratio, table } from '../kit/figures.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Section } from '../kit/section.ts';

const run = promisify(execFile);
const RUNS = 21;

/** How long it takes to look. */
export const command: Section = {
  name: 'command',
  title: 'Time of one look',
  about: `Wall time of a command that lists two running instances, from its start to its end; medians of ${RUNS} runs in turn.
\`node -e 0\` is the floor for anything written in Node.`,
  async run({ say }) {
    const scratch = new Scratch();
    try {
      const commands: { name: string; times: number[]; once: () => Promise<unknown> }[] = [
        { name: '`node -e 0`', times: [], once: () => run(process.execPath, ['-e', '0']) },
      ];
      if (pm2Version()) {
        const pm2 = pm2Home(scratch);
        await pm2.run(['start', program('app.js'), '-i', '2', '--name', 'app'], {
          PORT: '0',
          HOST: '127.0.0.1',
        });
        commands.push({ name: '`pm2 ls`', times: [], once: () => pm2.run(['ls']) });
      }
      if (holdfastVersion()) {
        const holdfast = holdfastHome(scratch);
        await holdfast.up({
          apps: { app: { run: program('lines.js'), instances: 2, env: { LINES: '0' }, ready: 'started' } },
        });
        const env = { ...process.env, HOLDFAST_HOME: holdfast.paths.home };
        const once = () => run(process.execPath, [holdfastBin, 'ls'], { env });
        commands.push({ name: '`hold ls`', times: [], once });
      }
      for (let round = 0; round < RUNS; round++) {
        for (const { times, once } of commands) {
          const startedAt = performance.now();
          await once();
          times.push(performance.now() - startedAt);
        }
      }
      const [floor = Number.NaN] = commands.map(({ times }) => median(times));
      const rows = commands.map(({ name, times }) => [
        name,
        figure(median(times)),
        ratio(median(times), floor),
      ]);
      for (const row of rows) say(row.join(' '));
      const ours = commands.find(({ name }) => name === '`hold ls`');
      const times = ours ? median(ours.times) / floor : Number.NaN;
      return {
        text: table(['', 'ms', 'x `node -e 0`'], rows),
        aims: ours
          ? [
              {
                what: 'Time of `hold ls`',
                aim: '<= 2 x `node -e 0`',
                result: `${times.toFixed(2)} x`,
                met: times <= 2,
              },
            ]
          : [],
      };
    } finally {
      await scratch.close();
    }
  },
};
