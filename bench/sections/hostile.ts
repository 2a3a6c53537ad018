import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from '../contenders/apps.ts';
import { caddy } from '../contenders/caddy.ts';
import { haproxy } from '../contenders/haproxy.ts';
import { holdfastEdge } from '../contenders/holdfast.ts';
import { nginx } from '../contenders/nginx.ts';
import { tlsFronts } from '../contenders/tls-fronts.ts';
import { figure, ratio, table } from '../kit/figures.ts';
import { totalPssMb } from '../kit/processes.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Aim, Section } from '../kit/section.ts';
import type { Contender, Stack } from '../kit/stacks.ts';
import { wrk } from '../kit/wrk.ts';

interface Harm {
  readonly mode: string;
  readonly what: string;
  readonly count: number;
  /** Over HTTP/2 with TLS. */
  readonly h2?: true;
}

const harms: readonly Harm[] = [
  { mode: 'idle', what: '18,000 idle connections', count: 18_000 },
  { mode: 'slow-head', what: '4,000 slow heads', count: 4_000 },
  { mode: 'slow-body', what: '1,000 slow bodies', count: 1_000 },
  { mode: 'slow-reader', what: '500 slow readers of 5 MB', count: 500 },
  { mode: 'flood', what: 'connections as fast as they come, 50 at a time', count: 50 },
  { mode: 'resets', what: '10,000 HTTP/2 resets, again and again', count: 10_000, h2: true },
];

/** Enough to feel what another client feels, and not to fill the machine. */
const GENTLE = 4;

const script = program('large.js');
const plain: readonly Contender[] = [nginx(script), haproxy(script), caddy(script), holdfastEdge(script)];

/** What hostile clients cost the proxy, and the other clients. */
export const hostile: Section = {
  name: 'hostile',
  title: 'Hostile clients',
  about: `While one client does harm, another one asks with ${GENTLE} keep-alive connections. "Memory" is the growth of the proxy's processes (PSS)
against before the harm; "p99" is that of the other client against before. The attacker shares the two cores with everybody, so a flood costs also those
whom it does not concern: compare the rows, not the figures with 1. Each proxy has room for 20,000 connections; other limits are those of
its defaults. This machine allows no more than 20,000 descriptors a process, hence 18,000; HAProxy sets two aside for each connection, and so has room for 9,900 only.`,
  async run({ seconds, say }) {
    const found: Found[] = [];
    for (const harm of harms) {
      for (const contender of harm.h2 ? tlsFronts('h2') : plain) {
        if (contender.version() === undefined || (harm.mode === 'idle' && contender.name === 'HAProxy'))
          continue;
        const one = await suffer(contender, harm, seconds);
        found.push(one);
        say(
          `${harm.what}: ${one.name}: ${figure(one.memoryMb)} MB, p99 ${figure(one.before)} -> ${figure(one.during)} ms`,
        );
      }
    }
    const rows = found.map(({ harm, name, memoryMb, before, during, errors }) => [
      harm.what,
      name,
      figure(memoryMb),
      figure(before),
      figure(during),
      ratio(during, before),
      String(errors),
    ]);
    const head = ['harm', '', 'memory MB', 'p99 before ms', 'during ms', 'x', 'errors'];
    return { text: table(head, rows), aims: aims(found) };
  },
};

interface Found {
  readonly harm: Harm;
  readonly name: string;
  readonly memoryMb: number;
  readonly before: number;
  readonly during: number;
  /** Of the other client. */
  readonly errors: number;
}

async function suffer(contender: Contender, harm: Harm, seconds: number): Promise<Found> {
  const scratch = new Scratch();
  try {
    const stack = await contender.start(scratch);
    await wrk(stack.url, 1, GENTLE);
    const before = await wrk(stack.url, seconds, GENTLE);
    const memory = totalPssMb(stack.frontPids());
    await beHostile(scratch, stack, harm);
    await sleep(1000);
    const during = await wrk(stack.url, seconds, GENTLE);
    return {
      harm,
      name: `${contender.name} ${contender.version()}`,
      memoryMb: totalPssMb(stack.frontPids()) - memory,
      before: before.p99Ms,
      during: during.p99Ms,
      errors: during.errors,
    };
  } finally {
    await scratch.close();
  }
}

async function beHostile(scratch: Scratch, stack: Stack, { mode, count }: Harm): Promise<void> {
  const env = { ...process.env, MODE: mode, COUNT: String(count), ADDRESS: new URL(stack.url).host };
  const child = spawn(process.execPath, [program('hostile.js')], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  scratch.defer(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
}

function aims(found: readonly Found[]): Aim[] {
  const edge = found.filter(({ name }) => name.startsWith('Holdfast'));
  const rivals = found.filter(({ name }) => name.startsWith('Caddy'));
  if (edge.length === 0 || rivals.length === 0) return [];
  const most = (rows: readonly Found[]) => Math.max(...rows.map(({ memoryMb }) => memoryMb));
  return [
    {
      what: 'Memory that hostile clients cost at most',
      aim: '<= 1 x Caddy',
      result: `${figure(most(edge))} MB, ${ratio(most(edge), most(rivals))}`,
      met: most(edge) <= most(rivals),
    },
  ];
}
