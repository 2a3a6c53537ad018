/** The last error with a stack in what a Node program printed. Pure. */

export interface PrintedError {
  /** Such as `TypeError: x is not a function`. */
  readonly headline: string;
  /** Such as `at hash (/app/work.js:12:7)`, innermost first. */
  readonly stack: readonly string[];
}

const FRAME = /^\s+(at (?:async )?\S.*)$/;
const HEADLINE = /^(?:Uncaught )?(?:\[)?((?:[A-Za-z_$][\w$.]*(?:Error|Exception)|Error)\b.*)$/;
/** A message may have several lines between its first one and the stack. */
const LONGEST_MESSAGE = 20;

export function lastStack(lines: readonly string[]): PrintedError | null {
  const end = lines.findLastIndex((line) => FRAME.test(line));
  if (end === -1) return null;
  let start = end;
  while (start > 0 && FRAME.test(lines[start - 1] ?? '')) start -= 1;
  const headline = headlineBefore(lines, start);
  if (headline === null) return null;
  const stack = lines.slice(start, end + 1).map((line) => FRAME.exec(line)?.[1]?.replace(/ \{$/, '') ?? '');
  return { headline, stack };
}

function headlineBefore(lines: readonly string[], start: number): string | null {
  for (let i = start - 1; i >= Math.max(0, start - LONGEST_MESSAGE); i--) {
    const match = HEADLINE.exec(lines[i] ?? '');
    if (match?.[1] !== undefined) return match[1].replace(/^\[|\]$/g, '');
  }
  return null;
}
