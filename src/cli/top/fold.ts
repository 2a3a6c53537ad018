/** Painted text in lines of a width: colours (SGR) take no room, and go on in the next line. */
import { displayWidth } from '../print/text.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences begin with one
const sgr = /(\x1b\[[\d;:]*m)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences begin with one
const reset = /^\x1b\[0?m$/;
const off = '\x1b[0m';
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** At least one line; none is wider than `width`, unless a single character is. */
export function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  let active = '';
  for (const [index, part] of text.split(sgr).entries()) {
    if (index % 2 === 1) {
      active = reset.test(part) ? '' : active + part;
      line += part;
      continue;
    }
    for (const { segment } of segmenter.segment(part)) {
      const wide = displayWidth(segment);
      if (used + wide > width && used > 0) {
        lines.push(active === '' ? line : line + off);
        line = active;
        used = 0;
      }
      line += segment;
      used += wide;
    }
  }
  return [...lines, line];
}

/** One line of at most `width` columns, with an ellipsis in place of what had to go. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  if (!text.includes('\x1b') && displayWidth(text) <= width) return text;
  if (fold(text, width).length === 1) return text;
  const [first = ''] = fold(text, Math.max(1, width - 1));
  return width === 1 ? '…' : `${first}…`;
}

/** Without what colours take. */
export function widthOf(painted: string): number {
  return displayWidth(
    painted
      .split(sgr)
      .filter((_, index) => index % 2 === 0)
      .join(''),
  );
}
