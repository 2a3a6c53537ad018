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

const SOCKETS = 2000;
const script = app('echo-ws.js');
const contenders = [
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
the other, on one socket while the others stay open.`,
  async run({ rounds, say }) {
    const measured: { name: string; memory: number; micros: number }[] = [];
    for (const contender of contenders.filter(({ version }) => version() !== undefined)) {
      const scratch = new Scratch();
      try {
        const { url, frontPids } = await contender.start(scratch);
        await sleep(2000);
        const before = totalPssMb(frontPids());
        const client = await openSockets(scratch, url.replace('http', 'ws'));
        await sleep(2000);
        const memory = ((totalPssMb(frontPids()) - before) * 1024) / SOCKETS;
        const micros: number[] = [];
        for (let round = 0; round < rounds; round++) micros.push(await client.roundTrip());
        const name = contender.name.startsWith('direct')
          ? contender.name
          : `${contender.name} ${contender.version()}`;
        measured.push({ name, memory, micros: median(micros) });
        say(`${name}: ${figure(memory)} KB, ${figure(median(micros))} µs`);
      } finally {
        await scratch.close();
      }
    }
    const base = measured.find(({ name }) => name.startsWith('nginx'));
    const rows = measured.map(({ name, memory, micros }) => {
      const direct = name.startsWith('direct');
      return [
        name,
        direct ? '-' : figure(memory),
        direct ? '-' : ratio(memory, base?.memory),
        figure(micros),
        ratio(micros, base?.micros),
      ];
    });
    return { text: table(['', 'memory KB', 'x nginx', 'round trip µs', 'x nginx'], rows), aims: [] };
  },
};

async function openSockets(scratch: Scratch, url: string): Promise<{ roundTrip(): Promise<number> }> {
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
