import { caddy } from '../contenders/caddy.ts';
import { haproxy } from '../contenders/haproxy.ts';
import { holdfastEdge, holdfastEdgeOverTcp } from '../contenders/holdfast.ts';
import { nginx } from '../contenders/nginx.ts';
import { httpProxy, nodeHttp } from '../contenders/node-proxies.ts';
import { figure, ratio, table } from '../kit/figures.ts';
import type { Aim, Section } from '../kit/section.ts';
import { type LoadFigures, loadInTurn } from '../kit/stacks.ts';

const contenders = [
  nginx(),
  haproxy(),
  caddy(),
  holdfastEdge(),
  holdfastEdgeOverTcp(),
  nodeHttp(),
  httpProxy(),
];

/** What a proxy costs, alone and together with the app behind it. */
export const proxy: Section = {
  name: 'proxy',
  title: 'Reverse proxy: CPU per request and throughput',
  about: `wrk, 64 keep-alive connections, a 100-byte answer from two instances of a minimal \`node:http\` app (over TCP;
Holdfast reaches its own instances over unix sockets; the row "TCP upstreams" has one instance). Each proxy runs as one
worker or thread, Caddy with as many as Go likes. "Proxy" is the CPU time, user and system, of all processes of the proxy
divided by the requests; for Holdfast that is the edge, the daemon and the holder together. "Whole stack" adds the
processes of the app. Client, proxy and app share the cores, so requests per second say how the whole machine does, not
how fast a proxy could go alone.`,
  async run(settings) {
    const figures = await loadInTurn(contenders, settings);
    const base = figures.find(({ name }) => name === 'nginx');
    const rows = figures.map((row) => [
      `${row.name} ${row.version}`,
      figure(row.frontMicros),
      ratio(row.frontMicros, base?.frontMicros),
      figure(row.wholeMicros),
      ratio(row.wholeMicros, base?.wholeMicros),
      figure(row.perSecond),
      ratio(row.perSecond, base?.perSecond),
      figure(row.p99Ms),
      String(row.errors),
    ]);
    const head = [
      '',
      'proxy µs',
      'x nginx',
      'whole stack µs',
      'x nginx',
      'requests/s',
      'x nginx',
      'p99 ms',
      'errors',
    ];
    return { text: table(head, rows), aims: aims(figures, base) };
  },
};

function aims(figures: readonly LoadFigures[], base: LoadFigures | undefined): Aim[] {
  const edge = figures.find(({ name }) => name === 'Holdfast edge');
  if (!edge || !base) return [];
  return [
    {
      what: 'Proxy CPU per request',
      aim: '<= 1.3 x nginx',
      result: ratio(edge.frontMicros, base.frontMicros),
      met: edge.frontMicros <= 1.3 * base.frontMicros,
    },
    {
      what: 'Whole stack, edge and app against nginx and app over TCP',
      aim: '<= 0.9 x nginx',
      result: ratio(edge.wholeMicros, base.wholeMicros),
      met: edge.wholeMicros <= 0.9 * base.wholeMicros,
    },
  ];
}
