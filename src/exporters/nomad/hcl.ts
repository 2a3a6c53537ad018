/** HCL, as Nomad reads it: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md */
import { type BlockStyle, type Directive, renderBlocks } from '../blocks.ts';

export function hcl(directives: readonly Directive[]): string {
  return renderBlocks(directives, STYLE);
}

const STYLE: BlockStyle = { indent: '  ', line: (line) => line, head: (head) => head };

export function text(value: string): string {
  return JSON.stringify(value)
    .replace(/\\[bf]/g, (code) => (code === '\\b' ? '\\u0008' : '\\u000c'))
    .replace(/[$%]\{/g, (open) => `${open[0]}${open}`);
}

export function list(values: readonly string[]): string {
  return `[${values.map(text).join(', ')}]`;
}

export function set(name: string, value: string | number | boolean): string {
  return `${name} = ${typeof value === 'string' ? text(value) : value}`;
}
