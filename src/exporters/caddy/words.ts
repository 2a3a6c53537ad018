/** The text of a Caddyfile: its lines, and how words are quoted in them. */
import { type BlockStyle, type Directive, renderBlocks } from '../blocks.ts';

export { type Block, block, type Directive } from '../blocks.ts';

/** As `caddy fmt` writes it. In quotes, words go over several lines. */
const style: BlockStyle = { indent: '\t', line: (directive) => directive, head: (head) => head };

export function render(directives: readonly Directive[]): string {
  return renderBlocks(directives, style);
}

/**
 * One word, in quotes if it must be. Braces would begin a placeholder, and `{$` a variable of the environment: there the brace is
 * what a variable that nobody has is instead.
 */
export function word(text: string): string {
  return inQuotes(
    text.replaceAll('{', '\\{').replaceAll('}', '\\}').replaceAll('\\{$', '{$HOLDFAST_NONE:\\{}$'),
  );
}

/** The same where Caddy looks for no placeholders: names of files with certificates. */
export function fileWord(text: string): string {
  return inQuotes(text.replaceAll('{$', '{$HOLDFAST_NONE:{}$'));
}

function inQuotes(safe: string): string {
  if (/^[\w./:@%+=,~^*&?!;|-]+$/.test(safe)) return safe;
  // A backslash there would escape the quote, or the backslash before the quote: it cannot be escaped itself.
  const odd = /(?<!\\)(?:\\\\)*\\(?="|$)/;
  if (!odd.test(safe)) return `"${safe.replaceAll('"', '\\"')}"`;
  // Nothing is escaped between these, and they cannot stand there themselves.
  return `\`${safe.replaceAll('`', "'")}\``;
}

/** A regular expression, in quotes in which nothing is escaped. */
export function pattern(text: string): string {
  return `\`${text}\``;
}

/** A regular expression that matches this text only. */
export function exactly(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\`]/g, (character) =>
    character === '`' ? '\\x60' : `\\${character}`,
  );
}

export function time(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** For names of cookies and matchers. */
export function named(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}
