/** The text of nginx's configuration: its lines, and how words are quoted in them. */
import { type BlockStyle, block, type Directive, renderBlocks } from '../blocks.ts';
import { oneLine } from '../comment.ts';

export { type Block, block, type Directive } from '../blocks.ts';

const style: BlockStyle = {
  indent: '  ',
  line: (directive) => `${oneLine(directive)};`,
  head: oneLine,
};

/** Directives without their semicolon. */
export function render(directives: readonly Directive[]): string {
  return renderBlocks(directives, style);
}

/** The name of a variable that holds `$`, since there is no other way to write one. */
const DOLLAR = 'holdfast_dollar';
export const dollarSign = block(`geo $${DOLLAR}`, 'default "$"');

/** Whether `dollarSign` must be in the file, too. */
export function needsDollar(text: string): boolean {
  return text.includes(`\${${DOLLAR}}`);
}

/** One argument, in quotes if it must be. `raw`: what follows it as it is, such as a variable. */
export function quoted(text: string, raw = ''): string {
  const safe = text.replaceAll('$', `\${${DOLLAR}}`);
  return /^[\w./:@%+=,~^*&?!-]+$/.test(text) ? safe + raw : `"${safe.replace(/["\\]/g, '\\$&')}${raw}"`;
}

/** Seconds as nginx takes them; it knows no fractions but in ms. */
export function time(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** A regular expression as an argument: `$` means no variable there. */
export function regex(source: string): string {
  return `"${source.replace(/["\\]/g, '\\$&')}"`;
}

/** A regular expression that matches this text only. */
export function exactly(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
