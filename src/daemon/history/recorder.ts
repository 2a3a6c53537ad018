/** Keeps the points of all series in all tiers. A tier's point is made of all that happened in its step, not of other points. */
import type { History, HistoryRange } from '../../protocol/history.ts';
import { MEASURES, MOST_SERIES, type Row, TIERS, type Tier } from './measures.ts';
import { Ring } from './ring.ts';
import { rowsBetween, type Snapshot } from './snapshot.ts';

/** The points of one moment in one tier. */
export interface Frame {
  /** Place in TIERS. */
  readonly tier: number;
  /** Its time divided by the step. */
  readonly number: number;
  readonly rows: ReadonlyMap<string, Row>;
}

/** What the gauges of a series were in a step. */
interface Means {
  readonly sums: Map<string, Map<keyof Row, [sum: number, count: number]>>;
}

const GAUGES: readonly (keyof Row)[] = MEASURES.filter(
  (one) =>
    ![
      'requestsPerSecond',
      'errorsPerSecond',
      'p50Ms',
      'p95Ms',
      'p99Ms',
      'bytesOutPerSecond',
      'restarts',
    ].includes(one),
);

const UNUSED_MS = 3_600_000;

export class Recorder {
  readonly #rings = new Map<string, readonly Ring[]>();
  /** When the step of each tier began. */
  readonly #begun: (Snapshot | undefined)[] = [];
  #means: Means[] = TIERS.map(() => ({ sums: new Map() }));
  #last: Snapshot | undefined;

  /** To be called at the end of each step of the first tier. @returns the points that are complete now */
  take(snapshot: Snapshot): Frame[] {
    const last = this.#last;
    this.#last = snapshot;
    if (last && snapshot.at <= last.at) {
      // The clock was set back: steps begin anew.
      this.#begun.fill(snapshot);
      this.#means = TIERS.map(() => ({ sums: new Map() }));
      return [];
    }
    return TIERS.flatMap((tier, i) => {
      const begun = this.#begun[i];
      if (!begun) {
        this.#begun[i] = snapshot;
        return [];
      }
      this.#gauges(i, snapshot);
      // A point is known by when its step began.
      const number = Math.floor(begun.at / tier.stepMs);
      if (Math.floor(snapshot.at / tier.stepMs) === number) return [];
      const frame = { tier: i, number, rows: this.#rowsOf(i, begun, snapshot) };
      this.#begun[i] = snapshot;
      this.put(frame);
      return [frame];
    });
  }

  /** Also of what was kept on disk. */
  put({ tier, number, rows }: Frame): void {
    const at = number * (TIERS[tier]?.stepMs ?? 0);
    for (const [name, row] of rows) {
      if (!this.#rings.has(name) && !this.#makeRoom(name, at)) continue;
      this.#ringsOf(name)[tier]?.set(number, row);
    }
  }

  get(series: string, range: HistoryRange, now: number): History {
    const i = TIERS.findIndex((tier) => tier.range === range);
    const tier = TIERS[i] as Tier;
    // The step that now is in is not complete.
    const number = Math.floor(now / tier.stepMs) - 1;
    const from = (number - tier.points + 1) * tier.stepMs;
    const measures = this.#rings.get(series)?.[i]?.get(number) ?? {};
    return { series, range, stepMs: tier.stepMs, from, measures };
  }

  get size(): number {
    return this.#rings.size;
  }

  #gauges(i: number, { series }: Snapshot): void {
    const { sums } = this.#means[i] as Means;
    for (const [name, { now }] of series) {
      const known = sums.get(name) ?? new Map<keyof Row, [number, number]>();
      sums.set(name, known);
      for (const measure of GAUGES) {
        const value = now[measure];
        if (value === undefined || value === null) continue;
        const [sum, count] = known.get(measure) ?? [0, 0];
        known.set(measure, [sum + value, count + 1]);
      }
    }
  }

  #rowsOf(i: number, begun: Snapshot, snapshot: Snapshot): Map<string, Row> {
    const { sums } = this.#means[i] as Means;
    this.#means[i] = { sums: new Map() };
    return new Map(
      [...rowsBetween(begun, snapshot)].map(([name, row]) => {
        const means = [...(sums.get(name) ?? [])].map(([measure, [sum, count]]) => [measure, sum / count]);
        return [name, { ...row, ...(Object.fromEntries(means) as Row) }];
      }),
    );
  }

  #ringsOf(name: string): readonly Ring[] {
    const rings = this.#rings.get(name) ?? TIERS.map(({ points }) => new Ring(points));
    this.#rings.set(name, rings);
    return rings;
  }

  /** What had nothing new for an hour goes for what is new, and instances go for what is told of whole apps and sites. */
  #makeRoom(name: string, at: number): boolean {
    if (this.#rings.size < MOST_SERIES) return true;
    const aged = [...this.#rings].map(([known, rings]) => ({ known, newest: newestOf(rings) }));
    const oldest = aged.reduce((a, b) => (b.newest < a.newest ? b : a));
    const instance = isInstance(name) ? undefined : aged.find(({ known }) => isInstance(known));
    const goes = at - oldest.newest >= UNUSED_MS ? oldest : instance;
    if (goes) this.#rings.delete(goes.known);
    return goes !== undefined;
  }
}

function newestOf(rings: readonly Ring[]): number {
  return Math.max(...rings.map(({ last }, i) => last * (TIERS[i]?.stepMs ?? 0)));
}

function isInstance(name: string): boolean {
  return name.startsWith('instance:');
}
