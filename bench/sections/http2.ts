import { tlsFronts } from '../contenders/tls-fronts.ts';
import { figure, ratio, table } from '../kit/figures.ts';
import { h2load } from '../kit/h2load.ts';
import type { Section } from '../kit/section.ts';
import { loadInTurn } from '../kit/stacks.ts';

/** What a request over HTTP/2 costs in a proxy. */
export const http2: Section = {
  name: 'http2',
  title: 'HTTP/2: CPU per request',
  about: `As above, with HTTP/2 between \`h2load\` and the proxy: 16 connections with 8 streams each; HTTP/1.1 to the apps.`,
  async run(settings) {
    const figures = await loadInTurn(tlsFronts('h2'), settings, h2load);
    const of = (name: string) => figures.find((row) => row.name === name);
    const [base, rival, edge] = [of('nginx'), of('Caddy'), of('Holdfast edge')];
    const rows = figures.map((row) => [
      `${row.name} ${row.version}`,
      figure(row.frontMicros),
      ratio(row.frontMicros, base?.frontMicros),
      figure(row.wholeMicros),
      figure(row.perSecond),
      ratio(row.perSecond, base?.perSecond),
      String(row.errors),
    ]);
    const head = ['', 'proxy µs', 'x nginx', 'whole stack µs', 'requests/s', 'x nginx', 'errors'];
    const text = table(head, rows);
    if (!edge || !rival) return { text, aims: [] };
    return {
      text,
      aims: [
        {
          what: 'Proxy CPU per request with HTTP/2',
          aim: '<= 1 x Caddy',
          result: ratio(edge.frontMicros, rival.frontMicros),
          met: edge.frontMicros <= rival.frontMicros,
        },
      ],
    };
  },
};
