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

/**
 * The value that this part (0 to 1) of all is not above, as far as classes can tell: evenly spread within its class. `counts` has one
 * number for each of `ends` (rising), and one for what is above the last. Undefined without any; above the last end: that end.
 */
export function quantile(
  ends: readonly number[],
  counts: readonly number[],
  part: number,
): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  const wanted = part * all;
  let below = 0;
  for (const [i, end] of ends.entries()) {
    const count = counts[i] ?? 0;
    if (count > 0 && below + count >= wanted) {
      const start = ends[i - 1] ?? 0;
      return start + ((end - start) * (wanted - below)) / count;
    }
    below += count;
  }
  return ends.at(-1);
}
