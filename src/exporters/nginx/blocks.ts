/** The text of nginx's configuration: directives, and blocks of them. */

export type Directive = string | Block;

export interface Block {
  /** In front of the brace. */
  readonly head: string;
  readonly body: readonly Directive[];
}

export function block(head: string, ...body: readonly Directive[]): Block {
  return { head, body };
}

/** Directives without their semicolon; lines that begin with `#` and empty ones stay as they are. */
export function render(directives: readonly Directive[], indent = ''): string {
  return directives
    .map((directive) => {
      if (typeof directive !== 'string')
        return `${indent}${oneLine(directive.head)} {\n${render(directive.body, `${indent}  `)}${indent}}\n`;
      if (directive === '') return '\n';
      return `${indent}${oneLine(directive)}${directive.startsWith('#') ? '' : ';'}\n`;
    })
    .join('');
}

/** The end of a line would end a comment. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
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
