/** A configuration as the text of a file that people go on with: `holdfast.config.ts`, or `.json`. */
import type { HoldfastConfig } from '../config-types.ts';

export interface PrintOptions {
  /**
   * What the reader of the file must know, such as what could not be taken over. In `ts` they are comments at the top; JSON
   * has no comments, so whoever asks for it must show them elsewhere.
   */
  readonly notes: readonly string[];
  readonly format: 'ts' | 'json';
}

const indent = '  ';
/** What is short enough stays in one line. */
const lineWidth = 90;
const noteWidth = 100;

/** Settings that are undefined are left out. Ends with a newline. */
export function printConfig(config: HoldfastConfig, { notes, format }: PrintOptions): string {
  if (format === 'json') return `${JSON.stringify(config, null, 2)}\n`;
  const head = notes.flatMap(commentLines);
  const lines = [
    ...(head.length > 0 ? [...head, ''] : []),
    "import { defineConfig } from 'holdfast';",
    '',
    `export default defineConfig(${literal(config, '', 'export default defineConfig('.length)});`,
  ];
  return `${lines.join('\n')}\n`;
}

function commentLines(note: string): string[] {
  const lines: string[] = [];
  for (const paragraph of note.split(/\r\n|[\n\r\u2028\u2029]/)) {
    let line = lines.length === 0 ? '// -' : '//  ';
    for (const word of paragraph.split(/\s+/)) {
      if (`${line} ${word}`.length > noteWidth && line.length > 4) {
        lines.push(line);
        line = '//  ';
      }
      line += ` ${word}`;
    }
    lines.push(line);
  }
  return lines;
}

/** `used`: characters before it in its line. */
function literal(value: unknown, margin: string, used: number): string {
  const short = flat(value);
  const parts = partsOf(value);
  // The apps and their settings are what one edits: each stands in a line of its own.
  const isOuter = margin.length < 2 * indent.length && !Array.isArray(value);
  if (parts.length === 0 || (!isOuter && used + short.length + 1 <= lineWidth)) return short;
  const inner = margin + indent;
  const lines = parts.map(({ key, item }) => {
    return `${inner}${key}${literal(item, inner, inner.length + key.length)},`;
  });
  return `${short.charAt(0)}\n${lines.join('\n')}\n${margin}${short.at(-1)}`;
}

/** In one line. */
function flat(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = partsOf(value).map(({ key, item }) => key + flat(item));
  if (Array.isArray(value)) return `[${parts.join(', ')}]`;
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

function partsOf(value: unknown): readonly { readonly key: string; readonly item: unknown }[] {
  if (Array.isArray(value)) return value.map((item: unknown) => ({ key: '', item }));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => ({ key: `${keyText(key)}: `, item }));
}

function keyText(key: string): string {
  // As a plain key it would set the prototype.
  if (key === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);
}

/** Single quotes, unless that needs more backslashes than double ones. */
function quoted(text: string): string {
  const double = JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  if (text.includes("'")) return double;
  return `'${double.slice(1, -1).replaceAll('\\"', '"')}'`;
}
