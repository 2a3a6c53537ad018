/**
 * Lines of programs hold escape sequences for terminals (ECMA-48). Of these only colours and weights (SGR) are kept, as names of
 * classes; everything else that a terminal would obey is left out, and what is left is text and nothing but text.
 */

export interface Piece {
  readonly text: string;
  /** Such as `['red', 'bold']`. */
  readonly styles: readonly string[];
}

const colors = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;

// CSI sequences, OSC strings (links, titles) with both of their ends, other escapes, and control characters but the tab.
const sequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  /\x1b\[([0-9;:]*)([ -/]*[@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** The text in pieces of one style each. */
export function parseAnsi(line: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let styles: readonly string[] = [];
  let from = 0;
  const add = (text: string) => {
    if (text !== '') pieces.push({ text, styles });
  };
  for (const match of line.matchAll(sequences)) {
    add(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm') styles = restyled(styles, match[1] ?? '');
  }
  add(line.slice(from));
  return pieces;
}

export function withoutAnsi(line: string): string {
  return line.replace(sequences, '');
}

function restyled(before: readonly string[], parameters: string): readonly string[] {
  let styles = [...before];
  const drop = (...names: readonly string[]) => {
    styles = styles.filter((style) => !names.includes(style));
  };
  const codes = parameters.split(/[;:]/).map(Number);
  for (let n = 0; n < codes.length; n++) {
    const code = codes[n] ?? 0;
    const color =
      code >= 30 && code <= 37 ? colors[code - 30] : code >= 90 && code <= 97 ? colors[code - 90] : null;
    if (code === 0) styles = [];
    else if (code === 1) styles = [...new Set([...styles, 'bold'])];
    else if (code === 2) styles = [...new Set([...styles, 'dim'])];
    else if (code === 3) styles = [...new Set([...styles, 'italic'])];
    else if (code === 4) styles = [...new Set([...styles, 'underline'])];
    else if (code === 22) drop('bold', 'dim');
    else if (code === 23) drop('italic');
    else if (code === 24) drop('underline');
    else if (code === 39) drop(...colors);
    else if (color) {
      drop(...colors);
      styles.push(color);
    } else if (code === 38 || code === 48) n += codes[n + 1] === 5 ? 2 : 4; // other palettes: not shown
  }
  return styles;
}
