/** Where apps connect to. Apps name destinations, so only the busiest of each app are told apart. */
import { minus, plus } from '../../kit/tally.ts';
import type { EgressCount } from '../../protocol/egress.ts';
import type { MetricFamily, MetricPoint } from '../../protocol/metrics.ts';

/** Destinations of one app that have a series of their own. */
export const MOST_DESTINATIONS = 20;
export const OTHERS = '(others)';

export type EgressRow = Pick<
  EgressCount,
  'app' | 'connections' | 'denied' | 'failed' | 'bytesIn' | 'bytesOut' | 'open'
> & {
  readonly destination: string;
};

export function egressFamilies(rows: readonly EgressRow[]): MetricFamily[] {
  const of = (value: (row: EgressRow) => number): MetricPoint[] =>
    rows.map((row) => ({ labels: labelsOf(row), value: value(row) }));
  return [
    {
      name: 'holdfast_egress_connections',
      type: 'counter',
      unit: null,
      help: 'What apps connected to through the proxy, by what became of it',
      points: rows.flatMap((row) => [
        { labels: { ...labelsOf(row), outcome: 'allowed' }, value: row.connections },
        { labels: { ...labelsOf(row), outcome: 'denied' }, value: row.denied },
        { labels: { ...labelsOf(row), outcome: 'failed' }, value: row.failed },
      ]),
    },
    {
      name: 'holdfast_egress_sent_bytes',
      type: 'counter',
      unit: 'bytes',
      help: 'What apps sent through the proxy',
      points: of(({ bytesOut }) => bytesOut),
    },
    {
      name: 'holdfast_egress_received_bytes',
      type: 'counter',
      unit: 'bytes',
      help: 'What apps got through the proxy',
      points: of(({ bytesIn }) => bytesIn),
    },
    {
      name: 'holdfast_egress_open_connections',
      type: 'gauge',
      unit: null,
      help: 'Connections through the proxy that are open',
      points: of(({ open }) => open),
    },
  ];
}

function labelsOf({ app, destination }: EgressRow): Record<string, string> {
  return { app, destination };
}

/**
 * Chooses who has a series of its own. Once chosen it stays so; and all begin with 0 in each daemon, since the last second of what an older
 * one had counted may be known only later: a count that goes down by a little means to those who read it that it began anew.
 */
export class EgressRows {
  readonly #chosen = new Map<string, Set<string>>();
  /** What was counted at the first look. */
  readonly #before = new Map<string, EgressCount>();
  #isFirst = true;

  /** @param counts busiest first */
  of(counts: readonly EgressCount[]): EgressRow[] {
    const rows: EgressRow[] = [];
    const others = new Map<string, EgressRow>();
    for (const count of counts) {
      const { host, port, app } = count;
      const destination = `${host}:${port}`;
      const key = `${app} ${destination}`;
      if (this.#isFirst) this.#before.set(key, count);
      const row = since(count, this.#before.get(key));
      if (port !== 0 && this.#choose(app, destination)) {
        rows.push({ ...row, app, destination });
        continue;
      }
      others.set(app, together({ ...row, app, destination: OTHERS }, others.get(app)));
    }
    this.#isFirst = false;
    return [...rows, ...others.values()];
  }

  #choose(app: string, destination: string): boolean {
    const chosen = this.#chosen.get(app) ?? new Set();
    this.#chosen.set(app, chosen);
    if (chosen.size < MOST_DESTINATIONS) chosen.add(destination);
    return chosen.has(destination);
  }
}

type Numbers = Omit<EgressRow, 'app' | 'destination'>;

function since(count: EgressCount, before: EgressCount | undefined): Numbers {
  const { connections, denied, failed, bytesIn, bytesOut, open } = count;
  const numbers = { connections, denied, failed, bytesIn, bytesOut };
  return { ...minus<typeof numbers>(numbers, before), open };
}

function together({ app, destination, ...a }: EgressRow, b: EgressRow | undefined): EgressRow {
  return { app, destination, ...plus<Numbers>(a, b) };
}
