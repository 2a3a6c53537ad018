/** The text of Apache's configuration: directives, and sections of them. */

import { oneLine } from '../comment.ts';

export type Directive = string | Section;

export interface Section {
  /** `VirtualHost "*:80"` */
  readonly head: string;
  readonly body: readonly Directive[];
}

export function section(head: string, ...body: readonly Directive[]): Section {
  return { head, body };
}

/** Lines that begin with `#` and empty ones stay as they are. */
export function render(directives: readonly Directive[], indent = ''): string {
  return directives
    .map((directive) => {
      if (typeof directive === 'string') return directive === '' ? '\n' : `${indent}${oneLine(directive)}\n`;
      const { head, body } = directive;
      const name = head.split(' ', 1)[0];
      return `${indent}<${oneLine(head)}>\n${render(body, `${indent}  `)}${indent}</${name}>\n`;
    })
    .join('');
}

const DOLLAR = 'HOLDFAST_DOLLAR';
/** What stands for `$` where a brace follows it: Apache puts variables there, whatever the quotes. */
export const dollarSign = `Define ${DOLLAR} "$"`;

/** Whether `dollarSign` must be in the file, too. */
export function needsDollar(text: string): boolean {
  return text.includes(`\${${DOLLAR}}`);
}

/** One argument, always in quotes. There is no way to write the end of a line in it, so that becomes a space. */
export function quoted(text: string): string {
  const safe = oneLine(text).replace(/["\\]/g, '\\$&').replaceAll('${', `\${${DOLLAR}}{`);
  return `"${safe}"`;
}

/** An argument of mod_rewrite, which leaves backslashes as they are: the text is a pattern, or went through `literally`. */
export function ruled(text: string): string {
  const safe = oneLine(text).replaceAll('"', '\\"').replaceAll('${', `\${${DOLLAR}}{`);
  return `"${safe}"`;
}

/** For mod_headers, where `%` begins a variable. */
export function headerValue(text: string): string {
  return quoted(text.replaceAll('%', '%%'));
}

/** A regular expression that matches this text only. */
export function exactly(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** What mod_rewrite writes as it is. */
export function literally(text: string): string {
  return text.replace(/[$%\\]/g, '\\$&');
}

/** Apache takes whole seconds nearly everywhere. */
export function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
