/** Reads files of nginx as ngx_conf_read_token() does: words, quotes, comments, blocks. Never fails: what is wrong is told, with its line. */
import { type FrontTree, FrontTreeBuilder } from './front-tree.ts';

export function parseNginx(text: string, file: string): FrontTree {
  const tree = new FrontTreeBuilder(file);
  let words: string[] = [];
  let first = 1;
  for (const token of tokens(text)) {
    if (token.kind === 'word') {
      if (words.length === 0) first = token.line;
      words.push(token.text);
    } else if (token.kind === 'problem') {
      tree.problem(token.line, token.text);
    } else if (token.kind === 'lua') {
      tree.problem(first, `"${words[0] ?? ''}" holds a program in Lua, which was not read`);
      words = [];
    } else {
      const [name, ...args] = words;
      words = [];
      if (token.kind === ';') {
        if (name === undefined) tree.problem(token.line, 'there is a ";" with nothing before it');
        else tree.add(name, args, first);
      } else if (token.kind === '{') {
        if (name === undefined) tree.problem(token.line, 'there is a "{" with nothing before it');
        tree.open(name ?? '', args, name === undefined ? token.line : first);
      } else {
        if (name !== undefined) tree.problem(first, `"${name}" does not end with ";"`);
        if (!tree.close()) tree.problem(token.line, 'there is a "}" and nothing that it closes');
      }
    }
  }
  if (words.length > 0) tree.problem(first, `"${words[0]}" does not end with ";"`);
  return tree.end(({ name }) => `the block "${name}" is not closed with "}"`);
}

type Token =
  | { readonly kind: 'word' | 'problem'; readonly text: string; readonly line: number }
  | { readonly kind: ';' | '{' | '}' | 'lua'; readonly line: number };

function* tokens(text: string): Generator<Token> {
  let at = 0;
  let line = 1;
  let last = '';
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '\n') line++;
    if (/\s/.test(char)) at++;
    else if (char === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (char === ';' || char === '}') {
      yield { kind: char, line };
      at++;
    } else if (char === '{') {
      at++;
      if (last.endsWith('_by_lua_block')) {
        const end = endOfBraces(text, at);
        yield { kind: 'lua', line };
        line += countLines(text, at, end);
        at = end;
      } else yield { kind: '{', line };
    } else {
      const word = char === '"' || char === "'" ? quoted(text, at) : bare(text, at);
      if (word.problem) yield { kind: 'problem', text: word.problem, line };
      yield { kind: 'word', text: word.text, line };
      last = word.text;
      line += countLines(text, at, word.end);
      at = word.end;
    }
  }
}

interface Word {
  readonly text: string;
  readonly end: number;
  readonly problem?: string;
}

function quoted(text: string, start: number): Word {
  const quote = text.charAt(start);
  let word = '';
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === quote) {
      const next = text.charAt(at + 1);
      const problem = `after the closing ${quote} must come a blank, ";", "{" or ")"`;
      return { text: word, end: at + 1, ...(!/^[\s;{)]?$/.test(next) && { problem }) };
    }
    if (char === '\\') {
      word += escaped(text.charAt(at + 1), true);
      at++;
    } else word += char;
  }
  return { text: word, end: text.length, problem: `the ${quote} that begins here is not closed` };
}

function bare(text: string, start: number): Word {
  let word = '';
  let at = start;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    // `${name}` is a variable, not a block.
    if (char === '$' && text.charAt(at + 1) === '{') {
      word += '${';
      at++;
    } else if (char === '\\' && at + 1 < text.length) {
      word += escaped(text.charAt(at + 1), false);
      at++;
    } else if (/[\s;{]/.test(char)) break;
    else word += char;
  }
  return { text: word, end: at };
}

/** Only these lose their backslash; in others it belongs to a regular expression. */
function escaped(char: string, isQuoted: boolean): string {
  if (char === 't') return '\t';
  if (char === 'r') return '\r';
  if (char === 'n') return '\n';
  if (char === '"' || char === "'" || char === '\\') return char;
  return isQuoted || char !== '' ? `\\${char}` : '';
}

/** After the brace that closes the one before `start`. */
function endOfBraces(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    if (text.charAt(at) === '{') depth++;
    else if (text.charAt(at) === '}' && --depth === 0) return at + 1;
  }
  return text.length;
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
