/** Arithmetic of records whose values are numbers or rows of numbers: counts that are compared and added up. */

type Value = number | readonly number[];
type Tally = Readonly<Record<string, Value>>;

/** Each number of `a` and `b` together. Left out: `a` alone. */
export function plus<T extends object>(a: T, b: T | undefined): T {
  return b ? combined(a, b, (x, y) => x + y) : a;
}

/** What `a` has more than `b`. */
export function minus<T extends object>(a: T, b: T | undefined): T {
  return b ? combined(a, b, (x, y) => x - y) : a;
}

function combined<T extends object>(a: T, b: T, on: (x: number, y: number) => number): T {
  const other = b as unknown as Tally;
  const entries = Object.entries(a as unknown as Tally).map(([name, value]): [string, Value] => {
    const theirs = other[name];
    if (typeof value === 'number') return [name, on(value, typeof theirs === 'number' ? theirs : 0)];
    const row = typeof theirs === 'object' ? theirs : [];
    return [name, value.map((each, i) => on(each, row[i] ?? 0))];
  });
  return Object.fromEntries(entries) as unknown as T;
}

/** Values counted in classes. */
export interface Histogram {
  /** Upper ends of the classes, rising; one more class is for what is above the last. */
  readonly ends: readonly number[];
  /** How many are in each class, and these together. */
  readonly counts: readonly number[];
  readonly sums: readonly number[];
}

/**
 * The value that this part (0 to 1) of all is not above, as far as classes can tell: evenly spread within its class; in the last
 * class that has any their mean, so that it is never above the largest value. Undefined without any.
 */
export function quantile({ ends, counts, sums }: Histogram, part: number): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const wanted = part * all;
  let below = 0;
  for (const [i, count] of counts.entries()) {
    const isLast = below + count === all;
    if (count > 0 && isLast) return (sums[i] ?? 0) / count;
    if (count > 0 && below + count >= wanted) {
      const start = ends[i - 1] ?? 0;
      return start + (((ends[i] ?? start) - start) * (wanted - below)) / count;
    }
    below += count;
  }
  return undefined;
}
