/**
 * Splits a command line into words the way a POSIX shell does (XCU 2.2, 2.3), and refuses everything that only a
 * shell could do, instead of passing it on as an argument: a `|` that arrives in argv is never what was meant.
 */

export type Words = { readonly words: readonly string[] } | { readonly problem: string };

const operators: Readonly<Record<string, string>> = {
  '|': 'pipes and "||"',
  '&': '"&" and "&&"',
  ';': '";"',
  '<': 'redirections',
  '>': 'redirections',
  '(': 'parentheses',
  ')': 'parentheses',
  '`': 'command substitution',
  '\n': 'several lines',
};

/** `$PORT` and `${PORT}` stay as they are; any other variable is refused. */
export function splitWords(line: string): Words {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    const char = line.charAt(at);
    if (/[ \t]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
      continue;
    }
    if (char === '#' && word === undefined) return needsShell('comments');
    const piece = char === "'" ? single(line, at) : char === '"' ? double(line, at) : bare(line, at);
    if ('problem' in piece) return piece;
    word = (word ?? '') + piece.text;
    at = piece.end;
  }
  if (word !== undefined) words.push(word);
  return { words };
}

type Piece = { readonly text: string; readonly end: number } | { readonly problem: string };

function single(line: string, start: number): Piece {
  const end = line.indexOf("'", start + 1);
  return end < 0 ? unclosed("'") : { text: line.slice(start + 1, end), end: end + 1 };
}

function double(line: string, start: number): Piece {
  let text = '';
  let at = start + 1;
  while (at < line.length) {
    const char = line.charAt(at);
    if (char === '"') return { text, end: at + 1 };
    if (char === '`') return needsShell('command substitution');
    const piece =
      char === '$' ? variable(line, at) : char === '\\' ? escaped(line, at, /["\\$`]/) : one(char, at);
    if ('problem' in piece) return piece;
    text += piece.text;
    at = piece.end;
  }
  return unclosed('"');
}

function bare(line: string, at: number): Piece {
  const char = line.charAt(at);
  if (char === '$') return variable(line, at);
  if (char === '\\') return escaped(line, at, /./);
  const operator = operators[char];
  return operator === undefined ? one(char, at) : needsShell(operator);
}

function one(char: string, at: number): Piece {
  return { text: char, end: at + 1 };
}

function escaped(line: string, at: number, special: RegExp): Piece {
  const next = line.charAt(at + 1);
  if (next === '') return { problem: 'it ends in a backslash' };
  if (next === '\n') return { text: '', end: at + 2 };
  return { text: special.test(next) ? next : `\\${next}`, end: at + 2 };
}

function variable(line: string, at: number): Piece {
  const rest = line.slice(at);
  const port = /^\$(PORT(?![A-Za-z0-9_])|\{PORT\})/.exec(rest);
  if (port) return { text: port[0], end: at + port[0].length };
  if (rest.startsWith('$(')) return needsShell('command substitution');
  const other = /^\$(\w+|\{[^}]*\}?|[$?!#@*-])/.exec(rest);
  if (!other) return one('$', at);
  return {
    problem: `only "$PORT" is replaced, not ${JSON.stringify(other[0])}: for others, name a shell, as ["sh", "-c", "…"]`,
  };
}

function unclosed(quote: string): Piece & Words {
  return { problem: `a quote is not closed: ${quote}` };
}

function needsShell(what: string): Piece & Words {
  return {
    problem: `${what} need a shell, and none is used: quote them, or name a shell, as ["sh", "-c", "…"]`,
  };
}
