/** Tables with lines around the cells, as PM2's users know them; columns go when the terminal is too narrow. */
import { displayWidth, truncate } from '../print/text.ts';

export interface BoxColumn {
  readonly head: string;
  /** The one with the highest number goes first; absent: it stays. */
  readonly drop?: number;
  /** It may be cut down to this. */
  readonly shrink?: number;
}

export interface BoxCell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** `width`: of the terminal, Infinity for none. */
export function boxTable(
  columns: readonly BoxColumn[],
  rows: readonly (readonly BoxCell[])[],
  { width, paintHead }: { width: number; paintHead: (text: string) => string },
): string[] {
  const kept = fit(columns, rows, width);
  const rule = (left: string, middle: string, right: string) =>
    left + kept.map((each) => '─'.repeat(each.width + 2)).join(middle) + right;
  const line = (cells: readonly BoxCell[]) =>
    `│${kept.map((each, at) => ` ${padded(cells[at] ?? { text: '' }, each.width)} `).join('│')}│`;
  const head = columns.some((column) => column.head !== '')
    ? [
        line(kept.map(({ head }) => ({ text: head, paint: paintHead }))),
        ...(rows.length > 0 ? [rule('├', '┼', '┤')] : []),
      ]
    : [];
  const body = rows.map((row) => line(kept.map(({ index }) => row[index] ?? { text: '' })));
  return [rule('┌', '┬', '┐'), ...head, ...body, rule('└', '┴', '┘')];
}

interface Fitted extends BoxColumn {
  readonly index: number;
  width: number;
}

function fit(
  columns: readonly BoxColumn[],
  rows: readonly (readonly BoxCell[])[],
  available: number,
): Fitted[] {
  let kept: Fitted[] = columns.map((column, index) => {
    const texts = rows.map((row) => displayWidth(row[index]?.text ?? ''));
    return { ...column, index, width: Math.max(displayWidth(column.head), ...texts) };
  });
  const least = ({ width, shrink = width }: Fitted) => Math.min(width, shrink);
  const total = (sizeOf: (fitted: Fitted) => number) => kept.reduce((sum, each) => sum + sizeOf(each) + 3, 1);
  while (total(least) > available) {
    const last = kept
      .filter(({ drop }) => drop !== undefined)
      .sort((a, b) => (b.drop ?? 0) - (a.drop ?? 0))[0];
    if (!last) break;
    kept = kept.filter((each) => each !== last);
  }
  for (const each of kept.filter(({ shrink }) => shrink !== undefined)) {
    const excess = total(({ width }) => width) - available;
    if (excess > 0) each.width = Math.max(least(each), each.width - excess);
  }
  return kept;
}

function padded({ text, paint = (same) => same }: BoxCell, width: number): string {
  const cut = truncate(text, width);
  return paint(cut) + ' '.repeat(Math.max(0, width - displayWidth(cut)));
}
