/** The pages of the documentation as text, with what is code in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '../support/root.ts';

export interface Page {
  /** Path in the repository. */
  readonly file: string;
  readonly text: string;
}

/** What stands between two fences. */
export interface Block {
  readonly file: string;
  /** Line of its first line of text, from 1. */
  readonly line: number;
  /** As it is said behind the fence; empty: nothing. */
  readonly language: string;
  readonly text: string;
  /** What an invisible comment right before it says: `<!-- run -->`, `<!-- run: … -->`. */
  readonly mark: string | null;
}

/** Something like `hold ls` within a sentence. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** README, changes, everything in docs/ but what is printed from the source, and the pages of the examples. */
export function pages(): Page[] {
  const files = ['README.md', 'CHANGELOG.md', ...below('docs'), ...below('examples')];
  return files
    .filter((file) => !file.startsWith('docs/reference/'))
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
}

export function blocks({ file, text }: Page): Block[] {
  const found: Block[] = [];
  let open: { line: number; language: string; indent: number; fence: string; mark: string | null } | null =
    null;
  let lines: string[] = [];
  let before = '';
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', fence = '', language = ''] = /^(\s*)(`{3,})\s*(\S*)\s*$/.exec(line) ?? [];
    if (open) {
      if (fence === open.fence && language === '') {
        const { indent: _indent, fence: _fence, ...block } = open;
        found.push({ file, ...block, text: lines.join('\n') });
        open = null;
        before = '';
      } else lines.push(line.slice(Math.min(open.indent, line.search(/\S|$/))));
    } else if (fence) {
      const mark = /^<!--\s*(.*?)\s*-->$/.exec(before)?.[1] ?? null;
      open = { line: index + 2, language, indent: indent.length, fence, mark };
      lines = [];
    } else if (line.trim() !== '') before = line.trim();
  }
  if (open) throw new Error(`${file}:${open.line - 1}: the fence is not closed`);
  return found;
}

/** Code in sentences and tables. */
export function spans({ file, text }: Page): Span[] {
  let fenced = false;
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*`{3,}/.test(line)) fenced = !fenced;
    if (fenced) return [];
    const code = [...line.matchAll(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/g)];
    return code.map(([, , inner = '']) => ({ file, line: index + 1, text: inner.trim() }));
  });
}

function below(dir: string): string[] {
  return readdirSync(join(root, dir), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return below(path);
      return entry.name.endsWith('.md') ? [relative('.', path)] : [];
    })
    .sort();
}
