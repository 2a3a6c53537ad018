/**
 * Reads .env files: `KEY=VALUE` lines, `export` before them, comments, quotes. Nothing is expanded: `$` stays `$`,
 * since what a value means must not depend on what else is set.
 *
 *   KEY=plain value      up to the end of the line or " #", trimmed
 *   KEY='as it is'       may span lines
 *   KEY="with \n \" \\"  may span lines; \n, \r, \t, \", \\ and \$ are unescaped
 */

export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  readonly problems: readonly { readonly line: number; readonly text: string }[];
}

export function parseEnvFile(source: string): EnvFile {
  const text = source.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const values = new Map<string, string>();
  const problems: { line: number; text: string }[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const entry = readEntry(text, at);
    if ('problem' in entry) problems.push({ line, text: entry.problem });
    else if (entry.name !== undefined) values.set(entry.name, entry.value);
    line += text.slice(at, entry.end).split('\n').length - 1;
    at = entry.end;
  }
  return { values: Object.fromEntries(values), problems };
}

type Entry =
  | { readonly name: string; readonly value: string; readonly end: number }
  | { readonly name: undefined; readonly end: number }
  | { readonly problem: string; readonly end: number };

function readEntry(text: string, start: number): Entry {
  const end = lineEnd(text, start);
  const line = text.slice(start, end - (text[end - 1] === '\n' ? 1 : 0));
  if (/^\s*(#|$)/.test(line)) return { name: undefined, end };
  const match = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=[^\S\n]*/.exec(line);
  // The line itself may be half of a secret that was meant to be quoted, so it is not repeated.
  if (!match?.[1]) return { problem: 'must be KEY=VALUE, a comment or empty', end };
  if (line.includes('\0')) return { problem: 'holds a NUL character', end };
  const valueStart = start + match[0].length;
  const quote = text[valueStart];
  if (quote === '"' || quote === "'") return readQuoted(text, match[1], valueStart, quote, end);
  const value = line.slice(match[0].length).replace(/(^|\s)#.*$/, '');
  return { name: match[1], value: value.trim(), end };
}

function readQuoted(text: string, name: string, start: number, quote: '"' | "'", end: number): Entry {
  const pattern = quote === '"' ? /"([^"\\]*(?:\\.[^"\\]*)*)"/sy : /'([^']*)'/y;
  pattern.lastIndex = start;
  const match = pattern.exec(text);
  if (!match) return { problem: `the quote of ${name} is not closed: ${quote}`, end };
  const close = pattern.lastIndex;
  const after = lineEnd(text, close);
  const rest = text.slice(close, after).trim();
  if (rest !== '' && !rest.startsWith('#')) {
    return { problem: `there is more after the closing quote of ${name}`, end: after };
  }
  const value = match[1] ?? '';
  if (value.includes('\0')) return { problem: 'holds a NUL character', end: after };
  return { name, value: quote === '"' ? value.replace(/\\(.)/gs, unescapeOne) : value, end: after };
}

function unescapeOne(whole: string, char: string): string {
  const plain: Readonly<Record<string, string>> = {
    n: '\n',
    r: '\r',
    t: '\t',
    '"': '"',
    '\\': '\\',
    $: '$',
    '\n': '',
  };
  return plain[char] ?? whole;
}

/** Behind the line's newline, or the end of the text. */
function lineEnd(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline + 1;
}
