/** Text on a terminal: how wide it is, how to cut it, and what must not reach the terminal at all. */
import { stripVTControlCharacters } from 'node:util';

/** Columns that it takes: combining characters none, East Asian wide ones and emoji two (UAX #11). No control sequences. */
export function displayWidth(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += graphemeWidth(segment);
  return width;
}

/** At most `width` columns of it, with an ellipsis in place of what had to go. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width <= 0) return '';
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes(text)) {
    used += graphemeWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Safe to print: no control sequence and no control character survives, so text from an app cannot steer the terminal. */
export function plain(text: string): string {
  return clean(stripVTControlCharacters(text));
}

/** As `plain`, but colours (SGR) stay, which apps like to log with; ends with a reset when there are any. */
export function plainButColours(text: string): string {
  if (!text.includes('\x1b')) return clean(text);
  const parts = text.split(sgr);
  const cleaned = parts.map((part, index) => (index % 2 === 1 ? part : plain(part))).join('');
  return parts.length > 1 ? `${cleaned}\x1b[0m` : cleaned;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences begin with one
const sgr = /(\x1b\[[\d;:]*m)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is them that have to go
const controls = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII starts with them
const ascii = /^[\x00-\x7f]*$/;
const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;

let segmenter: Intl.Segmenter | undefined;

function graphemes(text: string): Iterable<{ segment: string }> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

function graphemeWidth(grapheme: string): number {
  if (zeroWidth.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

function isAscii(text: string): boolean {
  return ascii.test(text);
}

function clean(text: string): string {
  return text.replace(/\r+$/, '').replaceAll('\t', '    ').replace(controls, '\ufffd');
}
