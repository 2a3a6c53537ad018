/** Configuration as nginx and Caddy write it: directives, and blocks of them in braces. */
import { oneLine } from './comment.ts';

export type Directive = string | Block;

export interface Block {
  /** In front of the brace; '' = nothing, as before the global options of Caddy. */
  readonly head: string;
  readonly body: readonly Directive[];
}

export function block(head: string, ...body: readonly Directive[]): Block {
  return { head, body };
}

export interface BlockStyle {
  /** What each block puts in front of its lines once more. */
  readonly indent: string;
  /** A directive as a line, with what ends it. */
  line(directive: string): string;
  head(head: string): string;
}

/** Lines that begin with `#` and empty ones are no directives. */
export function renderBlocks(directives: readonly Directive[], style: BlockStyle, indent = ''): string {
  return directives
    .map((directive) => {
      if (directive === '') return '\n';
      if (typeof directive === 'string')
        return `${indent}${directive.startsWith('#') ? oneLine(directive) : style.line(directive)}\n`;
      const body = renderBlocks(directive.body, style, indent + style.indent);
      return `${indent}${`${style.head(directive.head)} {`.trimStart()}\n${body}${indent}}\n`;
    })
    .join('');
}
