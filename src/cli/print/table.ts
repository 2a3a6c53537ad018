/** Aligned columns that fit the terminal: first whole columns go, then the widest text is cut. */
import { displayWidth, truncate } from './text.ts';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
  /** The one with the highest number goes first when the terminal is too narrow; absent: it stays. */
  readonly drop?: number;
  /** It may be cut down to this many columns of text … */
  readonly shrink?: number;
  /** … but before it falls below this, others are dropped. */
  readonly comfort?: number;
}

/** Text, and how to colour it once its width is settled. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

const gap = '  ';

/** The lines, head first, without trailing blanks. `width` is that of the terminal, Infinity for none. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: { width: number; paintHead?: (text: string) => string },
): string[] {
  const kept = fit(columns, rows, options.width);
  const paint = options.paintHead ?? same;
  const head = kept.map(({ column, width }) => cell({ text: column.head, paint }, width, column));
  const lines = rows.map((row) =>
    kept.map(({ column, index, width }) => cell(row[index] ?? '', width, column)),
  );
  return [head, ...lines].map((cells) => cells.join(gap).trimEnd());
}

interface Fitted {
  readonly column: Column;
  readonly index: number;
  width: number;
}

function fit(columns: readonly Column[], rows: readonly (readonly Cell[])[], available: number): Fitted[] {
  let kept: Fitted[] = columns.map((column, index) => {
    const texts = rows.map((row) => displayWidth(textOf(row[index] ?? '')));
    return { column, index, width: Math.max(displayWidth(column.head), ...texts) };
  });
  const least = ({ column, width }: Fitted) => Math.min(width, column.shrink ?? width);
  const comfortable = ({ column, width }: Fitted) =>
    Math.min(width, column.comfort ?? column.shrink ?? width);
  while (total(kept, comfortable) > available) {
    const last = kept
      .filter(({ column }) => column.drop !== undefined)
      .sort((a, b) => (b.column.drop ?? 0) - (a.column.drop ?? 0))[0];
    if (!last) break;
    kept = kept.filter((other) => other !== last);
  }
  for (const fitted of kept.filter(({ column }) => column.shrink !== undefined).reverse()) {
    const excess = total(kept, ({ width }) => width) - available;
    if (excess > 0) fitted.width = Math.max(least(fitted), fitted.width - excess);
  }
  return kept;
}

function total(kept: readonly Fitted[], widthOf: (fitted: Fitted) => number): number {
  return kept.reduce((sum, fitted) => sum + widthOf(fitted), 0) + gap.length * (kept.length - 1);
}

function cell(value: Cell, width: number, { align }: Column): string {
  const text = padded(truncate(textOf(value), width), width, align);
  // Blanks are not painted, so that the end of a line can be trimmed.
  return typeof value === 'string' ? text : text.replace(/\S(.*\S)?/u, (words) => value.paint(words));
}

function padded(text: string, width: number, align: Column['align'] = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? blanks + text : text + blanks;
}

function textOf(value: Cell): string {
  return typeof value === 'string' ? value : value.text;
}

function same(text: string): string {
  return text;
}
