import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApps } from '../contenders/apps.ts';
import {
  type ForwardProxy,
  holdfastEgress,
  type RunningProxy,
  tinyproxy,
} from '../contenders/forward-proxies.ts';
import { figure, median, ratio, table } from '../kit/figures.ts';
import { totalCpuMs, totalPssMb } from '../kit/processes.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Section } from '../kit/section.ts';
import { wrk } from '../kit/wrk.ts';

const TUNNELS = 4000;
/** Opened at a time. */
const TOGETHER = 100;
const SETTLE_MS = 2000;

/** What it costs that apps connect through a proxy. */
export const egress: Section = {
  name: 'egress',
  title: 'The proxy for what apps connect to',
  about: `"CPU a request": of the proxy, for plain HTTP requests (absolute-form, with a password) on 64 connections to one bare app.
tinyproxy makes a connection to the app for each of them and closes both; Holdfast keeps the client's. "CPU a tunnel": to open one
(CONNECT) and to close it. "Memory a tunnel": the growth of the proxy's processes (PSS) with ${TUNNELS.toLocaleString('en-US')} idle tunnels,
divided by these; what the kernel keeps for them is not in it.`,
  async run({ rounds, seconds, say }) {
    const scratch = new Scratch();
    try {
      const { ports } = await startApps(scratch, 1);
      const far = await startFarEnd(scratch);
      const runs: Run[] = [];
      for (const contender of [tinyproxy, holdfastEgress]) {
        if (contender.version() === undefined) say(`${contender.name}: not on this machine`);
        else runs.push(await started(scratch, contender, ports[0] ?? 0));
      }
      for (let round = 1; round <= rounds; round++) {
        for (const { contender, proxy, script, requests } of runs) {
          const result = await loadOnce(proxy, seconds, script);
          requests.push(result);
          say(
            `round ${round}: ${contender.name}: ${figure(result.micros)} µs, ${figure(result.perSecond)}/s`,
          );
        }
      }
      for (const { contender, proxy, tunnels } of runs) {
        const cost = await tunnelsThrough(proxy, far);
        tunnels.push(cost);
        say(`${contender.name}: ${figure(cost.kilobytes)} KB, ${figure(cost.micros)} µs for each tunnel`);
      }
      return { text: printed(runs), aims: [] };
    } finally {
      await scratch.close();
    }
  },
};

interface Run {
  readonly contender: ForwardProxy;
  readonly proxy: RunningProxy;
  /** For wrk. */
  readonly script: string;
  readonly requests: Requests[];
  readonly tunnels: Tunnels[];
}

interface Requests {
  readonly micros: number;
  readonly perSecond: number;
  readonly errors: number;
}

/** For each. */
interface Tunnels {
  readonly micros: number;
  readonly kilobytes: number;
}

async function started(scratch: Scratch, contender: ForwardProxy, app: number): Promise<Run> {
  const proxy = await contender.start(scratch);
  const script = scratch.fresh('proxied.lua');
  writeFileSync(
    script,
    `local text = "GET http://127.0.0.1:${app}/ HTTP/1.1\\r\\nHost: 127.0.0.1:${app}\\r\\nProxy-Authorization: ${proxy.authorization}\\r\\n\\r\\n"
function request() return text end
`,
  );
  await loadOnce(proxy, 2, script);
  return { contender, proxy, script, requests: [], tunnels: [] };
}

async function loadOnce(proxy: RunningProxy, seconds: number, script: string): Promise<Requests> {
  const before = totalCpuMs(proxy.pids());
  const result = await wrk(`http://127.0.0.1:${proxy.port}/`, seconds, 64, [], script);
  const { requests, perSecond, badAnswers } = result;
  return { micros: ((totalCpuMs(proxy.pids()) - before) * 1000) / requests, perSecond, errors: badAnswers };
}

/** A server that is connected to, and silent. */
async function startFarEnd(scratch: Scratch): Promise<number> {
  const server = net.createServer((socket) => socket.on('error', () => undefined).resume());
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 });
  await once(server, 'listening');
  scratch.defer(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

async function tunnelsThrough(proxy: RunningProxy, far: number): Promise<Tunnels> {
  const open: net.Socket[] = [];
  try {
    await sleep(SETTLE_MS);
    const before = { mb: totalPssMb(proxy.pids()), cpu: totalCpuMs(proxy.pids()) };
    while (open.length < TUNNELS) {
      const some = Array.from({ length: TOGETHER }, () => openTunnel(proxy, far));
      open.push(...(await Promise.all(some)));
    }
    await sleep(SETTLE_MS);
    const mb = totalPssMb(proxy.pids()) - before.mb;
    for (const socket of open) socket.end();
    await sleep(SETTLE_MS);
    const cpu = totalCpuMs(proxy.pids()) - before.cpu;
    return { micros: (cpu * 1000) / TUNNELS, kilobytes: (mb * 1024) / TUNNELS };
  } finally {
    for (const socket of open) socket.destroy();
  }
}

async function openTunnel({ port, authorization }: RunningProxy, far: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  const to = `127.0.0.1:${far}`;
  socket.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\nProxy-Authorization: ${authorization}\r\n\r\n`);
  const [answer] = await once(socket, 'data');
  if (!/^HTTP\/1\.[01] 200 /.test(String(answer))) throw new Error(`The proxy says "${answer}" to CONNECT`);
  socket.on('error', () => undefined).resume();
  return socket;
}

function printed(runs: readonly Run[]): string {
  const [base] = runs;
  const of = ({ requests, tunnels }: Run) => ({
    request: median(requests.map(({ micros }) => micros)),
    perSecond: median(requests.map(({ perSecond }) => perSecond)),
    errors: requests.reduce((sum, { errors }) => sum + errors, 0),
    tunnel: median(tunnels.map(({ micros }) => micros)),
    memory: median(tunnels.map(({ kilobytes }) => kilobytes)),
  });
  const first = base && of(base);
  const rows = runs.map((run) => {
    const { request, perSecond, errors, tunnel, memory } = of(run);
    return [
      `${run.contender.name} ${run.contender.version()}`,
      ...[figure(request), ratio(request, first?.request), figure(perSecond), String(errors)],
      ...[figure(tunnel), ratio(tunnel, first?.tunnel), figure(memory), ratio(memory, first?.memory)],
    ];
  });
  const head = ['', 'CPU a request µs', 'x first', 'requests/s', 'bad answers'];
  return table([...head, 'CPU a tunnel µs', 'x first', 'memory a tunnel KB', 'x first'], rows);
}
