import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { app } from '../../test/support/root.ts';
import { program } from '../contenders/apps.ts';
import { bareNode } from '../contenders/bare.ts';
import { caddy } from '../contenders/caddy.ts';
import { haproxy } from '../contenders/haproxy.ts';
import { holdfastEdge } from '../contenders/holdfast.ts';
import { nginx } from '../contenders/nginx.ts';
import { httpProxy } from '../contenders/node-proxies.ts';
import { figure, median, ratio, table } from '../kit/figures.ts';
import { totalPssMb } from '../kit/processes.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Section } from '../kit/section.ts';
import type { Contender } from '../kit/stacks.ts';

const SOCKETS = 2000;
const script = app('echo-ws.js');
const contenders: readonly Contender[] = [
  { ...bareNode(script), name: 'direct, without a proxy' },
  nginx(script),
  haproxy(script),
  caddy(script),
  holdfastEdge(script),
  httpProxy(script),
];

/** What an open WebSocket costs in the proxy, and how much later an echo comes. */
export const websocket: Section = {
  name: 'websocket',
  title: 'WebSockets through the proxy',
  about: `${SOCKETS.toLocaleString('en-US')} idle WebSockets to a \`ws\` echo server. "Memory" is the growth of the proxy's processes (PSS)
divided by the sockets; what the kernel keeps for them is not in it. "Round trip" is the median of 64-byte echoes, one after
the other, on one socket while the others stay open, measured in turn; it depends more on when the cores sleep and wake than the CPU
figures do.`,
  async run({ rounds, say }) {
    const scratch = new Scratch();
    try {
      const runs: Run[] = [];
      for (const contender of contenders.filter(({ version }) => version() !== undefined)) {
        runs.push(await open(scratch, contender));
      }
      for (let round = 1; round <= rounds; round++) {
        for (const { name, memoryKb, micros, client } of runs) {
          const trip = await client.roundTrip();
          micros.push(trip);
          say(`round ${round}: ${name}: ${figure(memoryKb)} KB, ${figure(trip)} µs`);
        }
      }
      return { text: printed(runs), aims: [] };
    } finally {
      await scratch.close();
    }
  },
};

interface Run {
  readonly name: string;
  /** Per socket. */
  readonly memoryKb: number;
  readonly micros: number[];
  readonly client: Client;
}

interface Client {
  /** Median of many round trips, in microseconds. */
  roundTrip(): Promise<number>;
}

async function open(scratch: Scratch, contender: Contender): Promise<Run> {
  const { url, frontPids } = await contender.start(scratch);
  await sleep(2000);
  const before = totalPssMb(frontPids());
  const client = await openSockets(scratch, url.replace('http', 'ws'));
  await sleep(2000);
  const memoryKb = ((totalPssMb(frontPids()) - before) * 1024) / SOCKETS;
  const name = contender.name.startsWith('direct')
    ? contender.name
    : `${contender.name} ${contender.version()}`;
  return { name, memoryKb, micros: [], client };
}

function printed(runs: readonly Run[]): string {
  const nginxRun = runs.find(({ name }) => name.startsWith('nginx'));
  const rows = runs.map(({ name, memoryKb, micros }) => {
    const memory = [figure(memoryKb), ratio(memoryKb, nginxRun?.memoryKb)];
    const trip = [figure(median(micros)), ratio(median(micros), nginxRun && median(nginxRun.micros))];
    return [name, ...(name.startsWith('direct') ? ['-', '-'] : memory), ...trip];
  });
  return table(['', 'memory KB', 'x nginx', 'round trip µs', 'x nginx'], rows);
}

async function openSockets(scratch: Scratch, url: string): Promise<Client> {
  const env = { ...process.env, URL: url, COUNT: String(SOCKETS), ROUND_TRIPS: '5000' };
  const client = spawn(process.execPath, [program('ws-client.js')], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  scratch.defer(() => client.kill('SIGKILL'));
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('The WebSocket client ended early');
    return value;
  };
  await next();
  return {
    async roundTrip() {
      client.stdin.write('go\n');
      return Number(await next());
    },
  };
}
