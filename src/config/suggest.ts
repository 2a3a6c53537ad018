/** "Did you mean": the nearest of the names that would have been right. */

/** The name that `wrong` was most likely meant to be; undefined when none is near. */
export function nearest(wrong: string, right: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wrong.length / 3)) + 1;
  for (const name of right) {
    if (name === wrong) continue;
    const found = distance(plain(wrong), plain(name));
    if (found < bestDistance) {
      best = name;
      bestDistance = found;
    }
  }
  return best;
}

/** `: did you mean "web"?`, or nothing. */
export function didYouMean(wrong: string, right: Iterable<string>): string {
  const name = nearest(wrong, right);
  return name === undefined ? '' : `: did you mean ${JSON.stringify(name)}?`;
}

/** Case, dashes and underscores are never what tells two settings apart: `env_file` is near `envFile`. */
function plain(name: string): string {
  return name.slice(0, 80).toLowerCase().replace(/[-_]/g, '');
}

/** Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours. */
function distance(a: string, b: string): number {
  const width = b.length + 1;
  const cells = Array.from({ length: (a.length + 1) * width }, (_, i) => {
    if (i < width) return i;
    return i % width === 0 ? i / width : 0;
  });
  const at = (row: number, column: number): number => cells[row * width + column] ?? 0;
  for (let row = 1; row <= a.length; row++) {
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, at(row - 2, column - 2) + 1);
      cells[row * width + column] = cost;
    }
  }
  return at(a.length, b.length);
}
