/** The points of one series in one tier: the newest so many, at equal distances, with holes where nothing was measured. */
import type { Measure } from '../../protocol/history.ts';
import { MEASURES, type Row } from './measures.ts';

export class Ring {
  readonly #size: number;
  /** Only of measures that the series has. */
  readonly #values = new Map<Measure, Float32Array>();
  /** Number of the newest point: its time divided by the step. */
  #last = Number.NEGATIVE_INFINITY;

  constructor(size: number) {
    this.#size = size;
  }

  get last(): number {
    return this.#last;
  }

  /** Where the clock was set back, what is newer than this is forgotten. */
  set(number: number, row: Row): void {
    if (number === this.#last) return;
    for (const values of this.#values.values()) {
      if (number > this.#last) this.#clear(values, this.#last, number);
      else this.#clear(values, number - 1, this.#last);
    }
    this.#last = number;
    for (const measure of MEASURES) {
      const value = row[measure];
      if (value === undefined || value === null || !Number.isFinite(value)) continue;
      const values = this.#values.get(measure) ?? new Float32Array(this.#size).fill(Number.NaN);
      this.#values.set(measure, values);
      values[number % this.#size] = value;
    }
  }

  /** The newest points up to this number, oldest first. */
  get(number: number): { readonly [M in Measure]?: (number | null)[] } {
    const measures: { [M in Measure]?: (number | null)[] } = {};
    const first = number - this.#size + 1;
    for (const [measure, values] of this.#values) {
      const points = Array.from({ length: this.#size }, (_, i) => this.#at(values, first + i));
      if (points.some((point) => point !== null)) measures[measure] = points;
    }
    return measures;
  }

  #at(values: Float32Array, number: number): number | null {
    if (number > this.#last || number <= this.#last - this.#size || number < 0) return null;
    const value = values[number % this.#size] ?? Number.NaN;
    return Number.isNaN(value) ? null : Number(value.toPrecision(6));
  }

  /** What comes after the one, up to the other. */
  #clear(values: Float32Array, after: number, to: number): void {
    const holes = Math.min(this.#size, to - after);
    if (holes === this.#size) values.fill(Number.NaN);
    else for (let i = 0; i < holes; i++) values[(to - i) % this.#size] = Number.NaN;
  }
}
