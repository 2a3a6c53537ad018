import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { tlsFronts } from '../contenders/tls-fronts.ts';
import { figure, median, ratio, table } from '../kit/figures.ts';
import { totalCpuMs } from '../kit/processes.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Aim, Section } from '../kit/section.ts';
import { type LoadFigures, loadInTurn, type Stack } from '../kit/stacks.ts';

const run = promisify(execFile);
const contenders = tlsFronts('h1');

interface Handshakes {
  readonly name: string;
  /** CPU of the proxy for one. */
  readonly micros: number;
  readonly perSecond: number;
}

/** Full handshakes, none resumed, one after the other from two clients of OpenSSL. */
async function handshakes(stack: Stack, seconds: number): Promise<Omit<Handshakes, 'name'>> {
  const pids = stack.frontPids();
  const before = totalCpuMs(pids);
  const { host } = new URL(stack.url);
  const client = () => run('openssl', ['s_time', '-connect', host, '-new', '-time', String(seconds)]);
  const outputs = await Promise.all([client(), client()]);
  const counts = outputs.map(({ stdout }) => Number(/(\d+) connections in \d+ real/.exec(stdout)?.[1] ?? 0));
  const count = counts.reduce((sum, one) => sum + one, 0);
  return { micros: ((totalCpuMs(pids) - before) * 1000) / count, perSecond: count / seconds };
}

async function shakeInTurn(rounds: number, seconds: number): Promise<Handshakes[]> {
  const scratch = new Scratch();
  try {
    const found: Handshakes[] = [];
    for (const contender of contenders) {
      if (contender.version() === undefined) continue;
      const stack = await contender.start(scratch);
      const results: Omit<Handshakes, 'name'>[] = [];
      for (let round = 0; round < rounds; round++) results.push(await handshakes(stack, seconds));
      const of = (key: 'micros' | 'perSecond') => median(results.map((result) => result[key]));
      found.push({ name: contender.name, micros: of('micros'), perSecond: of('perSecond') });
    }
    return found;
  } finally {
    await scratch.close();
  }
}

/** What TLS costs in a proxy: for each request of a connection that stays, and for each handshake. */
export const https: Section = {
  name: 'https',
  title: 'HTTPS: CPU per request and per handshake',
  about: `As above, with TLS 1.3 between wrk and the proxy, HTTP/1.1 and an ECDSA certificate (P-256). Handshakes: full ones, not
resumed, from two \`openssl s_time\` at once, without a request; "handshake µs" is the CPU time of the proxy for one.`,
  async run(settings) {
    const figures = await loadInTurn(contenders, settings);
    const shaken = await shakeInTurn(settings.rounds, Math.max(2, Math.round(settings.seconds / 2)));
    const base = figures.find(({ name }) => name === 'nginx');
    const baseShaken = shaken.find(({ name }) => name === 'nginx');
    const rows = figures.map((row) => {
      const shake = shaken.find(({ name }) => name === row.name);
      return [
        `${row.name} ${row.version}`,
        figure(row.frontMicros),
        ratio(row.frontMicros, base?.frontMicros),
        figure(row.wholeMicros),
        figure(row.perSecond),
        figure(row.p99Ms),
        String(row.errors),
        figure(shake?.micros ?? Number.NaN),
        ratio(shake?.micros ?? Number.NaN, baseShaken?.micros),
        figure(shake?.perSecond ?? Number.NaN),
      ];
    });
    const head = ['', 'proxy µs', 'x nginx', 'whole stack µs', 'requests/s', 'p99 ms', 'errors'];
    const more = ['handshake µs', 'x nginx', 'handshakes/s'];
    return { text: table([...head, ...more], rows), aims: aims(figures, base) };
  },
};

function aims(figures: readonly LoadFigures[], base: LoadFigures | undefined): Aim[] {
  const edge = figures.find(({ name }) => name === 'Holdfast edge');
  if (!edge || !base) return [];
  return [
    {
      what: 'Proxy CPU per request with TLS',
      aim: '<= 1.5 x nginx',
      result: ratio(edge.frontMicros, base.frontMicros),
      met: edge.frontMicros <= 1.5 * base.frontMicros,
    },
  ];
}
