import { setTimeout as sleep } from 'node:timers/promises';
import { bareNode } from '../contenders/bare.ts';
import { holdfastEdge, holdfastHeldPort } from '../contenders/holdfast.ts';
import { nginx } from '../contenders/nginx.ts';
import { pm2Cluster } from '../contenders/pm2.ts';
import { figure, table } from '../kit/figures.ts';
import { totalPssMb } from '../kit/processes.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Aim, Section } from '../kit/section.ts';
import { wrk } from '../kit/wrk.ts';

const SETTLE_MS = 4000;
const contenders = [bareNode(), nginx(), pm2Cluster(), holdfastHeldPort(), holdfastEdge()];

/** What runs beside the app. */
export const memory: Section = {
  name: 'memory',
  title: 'Memory',
  about: `Proportional set size (PSS: shared pages are divided among those who share them) in MB, some seconds after the start
and some seconds after a load of 64 connections. "Beside the app": nginx's master and worker, PM2's daemon, Holdfast's
daemon, holder and, where there is one, edge. "One instance" is the mean of the app's own processes (two; bare Node has one).
The pages of the Node binary are shared by every Node process of the machine, so figures are lower where more of them run.`,
  async run({ seconds, say }) {
    const rows: string[][] = [];
    const aims: Aim[] = [];
    for (const contender of contenders.filter(({ version }) => version() !== undefined)) {
      const scratch = new Scratch();
      try {
        const stack = await contender.start(scratch);
        const look = async () => {
          await sleep(SETTLE_MS);
          return {
            front: totalPssMb(stack.frontPids()),
            app: totalPssMb(stack.appPids()) / stack.appPids().length,
          };
        };
        const idle = await look();
        await wrk(stack.url, seconds);
        const loaded = await look();
        const cells = [idle.front, loaded.front, idle.app, loaded.app].map((mb) =>
          mb > 0 ? figure(mb) : '-',
        );
        rows.push([`${contender.name} (${contender.version()})`, ...cells]);
        say(`${contender.name}: ${cells.join(' / ')} MB`);
        if (contender.name === 'Holdfast edge') aims.push(aim(idle.front, loaded.front));
      } finally {
        await scratch.close();
      }
    }
    const head = ['', 'beside the app, idle', 'after load', 'one instance, idle', 'after load'];
    return { text: table(head, rows), aims };
  },
};

function aim(idle: number, loaded: number): Aim {
  return {
    what: 'Memory of daemon, edge and holder',
    aim: '<= 90 MB PSS',
    result: `${figure(idle)} MB idle, ${figure(loaded)} MB after load`,
    met: Math.max(idle, loaded) <= 90,
  };
}
