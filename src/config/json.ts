/**
 * Reads JSON (RFC 8259). JSON.parse makes the value; the walk here finds what it does not tell: where an error is
 * (Node's versions differ in that), on which line each setting stands, and which is there twice.
 */
import { type Located, lineFinder, pathKey, SyntaxProblem } from './located.ts';
import type { Problem } from './problems.ts';

/** No configuration is this deep; a file that is would exhaust the stack. */
const deepest = 100;

/** @throws SyntaxProblem */
export function readJson(text: string): Located {
  const walk = new Walk(text.replace(/^\uFEFF/, ' '));
  walk.document();
  return {
    value: JSON.parse(text.replace(/^\uFEFF/, '')),
    lineOf: lineFinder(walk.lines),
    problems: walk.problems,
  };
}

class Walk {
  readonly lines = new Map<string, number>();
  readonly problems: Problem[] = [];
  readonly #text: string;
  readonly #path: (string | number)[] = [];
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value();
    if (this.#peek() !== '') throw this.#unexpected('the end of the file');
  }

  #value(): void {
    const char = this.#peek();
    if (this.#path.length > deepest) throw this.#fail(`nested more than ${deepest} deep`);
    if (char === '{') this.#members();
    else if (char === '[') this.#elements();
    else if (char === '"') this.#string();
    else if (!this.#token(/-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null/y))
      throw this.#unexpected('a value');
  }

  #members(): void {
    const seen = new Set<string>();
    this.#list('{', '}', () => {
      if (this.#peek() !== '"') throw this.#unexpected('a setting in double quotes');
      const line = this.#line;
      const name = this.#string();
      this.#path.push(name);
      if (seen.has(name))
        this.problems.push({
          path: [...this.#path],
          text: `is there twice, the second time in line ${line}`,
        });
      else this.lines.set(pathKey(this.#path), line);
      seen.add(name);
      if (this.#peek() !== ':') throw this.#unexpected('":"');
      this.#at++;
      this.#value();
      this.#path.pop();
    });
  }

  #elements(): void {
    let index = 0;
    this.#list('[', ']', () => {
      this.#path.push(index++);
      this.#peek();
      this.lines.set(pathKey(this.#path), this.#line);
      this.#value();
      this.#path.pop();
    });
  }

  #list(open: string, close: string, item: () => void): void {
    this.#at += open.length;
    if (this.#peek() === close) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      const char = this.#peek();
      if (char !== ',' && char !== close) throw this.#unexpected(`"," or "${close}"`);
      this.#at++;
      if (char === close) return;
      if (this.#peek() === close)
        throw this.#fail('a comma before the end of a list, which JSON does not allow');
    }
  }

  #string(): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these inside a string
    const token = this.#token(/"[^"\\\x00-\x1f]*(\\(["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"/y);
    if (token === undefined) throw this.#fail('a text that is not closed, or that holds an invalid escape');
    return JSON.parse(token) as string;
  }

  #token(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const token = pattern.exec(this.#text)?.[0];
    if (token !== undefined) this.#at += token.length;
    return token;
  }

  /** The next character that counts; empty at the end. */
  #peek(): string {
    for (;;) {
      const char = this.#text.charAt(this.#at);
      if (char === '\n') this.#line++;
      if (char === '' || !' \t\r\n'.includes(char)) return char;
      this.#at++;
    }
  }

  #unexpected(expected: string): SyntaxProblem {
    const rest = this.#text.slice(this.#at);
    if (/^(\/\/|\/\*|#)/.test(rest)) {
      return this.#fail(
        'a comment, which JSON does not allow: holdfast.config.yaml and holdfast.config.js do',
      );
    }
    const found = /^(\w+|.)/su.exec(rest)?.[0].slice(0, 30);
    return this.#fail(
      `${found === undefined ? 'the end of the file' : JSON.stringify(found)} instead of ${expected}`,
    );
  }

  #fail(what: string): SyntaxProblem {
    return new SyntaxProblem(`there is ${what}`, this.#text, this.#at);
  }
}
