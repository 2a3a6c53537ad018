/** How one line of a log is shown: cut when it is long, in its colours, with what was searched for marked. */
import type { LogLine } from '../../../protocol/dashboard.ts';
import { type Piece, parseAnsi, withoutAnsi } from './ansi.ts';

/** Longer lines are cut until a person asks for the rest. */
export const CUT_AT = 1500;

export interface MarkedPiece extends Piece {
  readonly marked: boolean;
}

/** What of a line is left out when it is cut; 0 = nothing. */
export function leftOut(text: string): number {
  return text.length > CUT_AT + 200 ? text.length - CUT_AT : 0;
}

/** The pieces of a text with the words of a search marked. */
export function markLine(text: string, query: string): readonly MarkedPiece[] {
  const ranges = foundIn(withoutAnsi(text), query);
  const marked: MarkedPiece[] = [];
  let at = 0;
  for (const { text: piece, styles } of parseAnsi(text)) {
    const end = at + piece.length;
    let from = at;
    for (const [start, stop] of ranges) {
      if (stop <= from || start >= end) continue;
      if (start > from) marked.push({ text: piece.slice(from - at, start - at), styles, marked: false });
      const until = Math.min(stop, end);
      marked.push({ text: piece.slice(Math.max(start, from) - at, until - at), styles, marked: true });
      from = until;
    }
    if (from < end) marked.push({ text: piece.slice(from - at), styles, marked: false });
    at = end;
  }
  return marked;
}

/** Places of the words, or of the `/regex/`, in order and without overlap. */
export function foundIn(text: string, query: string): readonly (readonly [start: number, stop: number])[] {
  const pattern = searchPattern(query);
  if (!pattern) return [];
  const found: [number, number][] = [];
  for (const match of text.matchAll(pattern)) {
    if (match[0] !== '') found.push([match.index, match.index + match[0].length]);
    if (found.length === 100) break; // enough to see; the rest only costs time
  }
  return found;
}

/** What is wrong with a search, in words; undefined = nothing. */
export function searchProblem(query: string): string | undefined {
  const source = regexSource(query);
  if (source === undefined) return undefined;
  try {
    new RegExp(source);
    return undefined;
  } catch (error) {
    return `Not a regular expression: ${(error as Error).message.replace(/^Invalid regular expression: /, '')}`;
  }
}

function searchPattern(query: string): RegExp | undefined {
  const source = regexSource(query);
  if (source !== undefined) return searchProblem(query) === undefined ? new RegExp(source, 'g') : undefined;
  const words = query.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return undefined;
  return new RegExp(words.map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'gi');
}

function regexSource(query: string): string | undefined {
  return /^\/(.+)\/$/.exec(query.trim())?.[1];
}

/** Lines with a number each that stays theirs while others come and go, for lists that are drawn by key. */
export interface NumberedLine extends LogLine {
  readonly number: number;
}

/** Added at the end, and cut at the start when there are more than `most`. */
export function appended(
  lines: readonly NumberedLine[],
  fresh: readonly LogLine[],
  most: number,
): readonly NumberedLine[] {
  const next = (lines.at(-1)?.number ?? -1) + 1;
  return [...lines, ...fresh.map((line, n) => ({ ...line, number: next + n }))].slice(-most);
}

/** Put before those that are there. */
export function prepended(
  lines: readonly NumberedLine[],
  older: readonly LogLine[],
): readonly NumberedLine[] {
  const first = lines[0]?.number ?? 0;
  return [...older.map((line, n) => ({ ...line, number: first - older.length + n })), ...lines];
}
