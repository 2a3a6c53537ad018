import { BINARY, fileFronts, TEXT } from '../contenders/file-fronts.ts';
import { figure, ratio, table } from '../kit/figures.ts';
import type { Section } from '../kit/section.ts';
import { type Load, loadInTurn } from '../kit/stacks.ts';
import { wrk } from '../kit/wrk.ts';

const asked: readonly { readonly what: string; readonly path: string; readonly load: Load }[] = [
  { what: '100 KB', path: BINARY, load: (url, seconds) => wrk(url, seconds) },
  {
    what: '30 KB, gzip',
    path: TEXT,
    load: (url, seconds) => wrk(url, seconds, 64, ['Accept-Encoding: gzip']),
  },
];

/** What a file costs, as it is and compressed on its way. */
export const files: Section = {
  name: 'files',
  title: 'Static files and compression',
  about: `wrk, 64 keep-alive connections. "100 KB": a file that does not compress. "30 KB, gzip": a page that is compressed for
each request, as nobody has compressed it before; the levels are those that each has by default, so this is also a question of taste.`,
  async run(settings) {
    const rows: string[][] = [];
    for (const { what, path, load } of asked) {
      const figures = await loadInTurn(fileFronts(path), settings, load);
      const base = figures.find(({ name }) => name === 'nginx');
      for (const row of figures) {
        rows.push([
          `${row.name} ${row.version}`,
          what,
          figure(row.frontMicros),
          ratio(row.frontMicros, base?.frontMicros),
          figure(row.perSecond),
          ratio(row.perSecond, base?.perSecond),
          figure(row.p99Ms),
          String(row.errors),
        ]);
      }
    }
    const head = ['', 'file', 'CPU µs', 'x nginx', 'requests/s', 'x nginx', 'p99 ms', 'errors'];
    return { text: table(head, rows), aims: [] };
  },
};
