/** The text of HAProxy's configuration: sections of lines, and how words are quoted in them (section 2.2 of its manual). */

import { oneLine } from '../comment.ts';

export interface Section {
  /** Such as `backend holdfast_web from holdfast`. */
  readonly head: string;
  /** Those that begin with `#` and empty ones are no directives. */
  readonly lines: readonly string[];
}

export function render(sections: readonly Section[]): string {
  return sections
    .map(
      ({ head, lines }) =>
        `${head}\n${lines.map((line) => `${`  ${line.startsWith('#') ? oneLine(line) : line}`.trimEnd()}\n`).join('')}`,
    )
    .join('\n');
}

/**
 * One word, in quotes if it must be: strong ones, because in weak ones `$` begins a variable of the environment. No quotes hold
 * the end of a line: it is written between two pairs of them.
 */
export function word(text: string): string {
  if (/^[\w./:@%+=,~^*&?!;<>|[\]{}()-]+$/.test(text)) return text;
  const quoted = text.replaceAll("'", `'"'"'`).replaceAll('\n', "'\\n'").replaceAll('\r', "'\\r'");
  return `'${quoted}'`;
}

/** Text inside a format that stands for itself: `%` would begin a variable. */
export function plain(text: string): string {
  return text.replaceAll('%', '%%');
}

export function time(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** For names of sections, servers and cookies. */
export function named(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}

/** Of the condition that a request is for this site: colons are in no host. */
export function siteName(host: string): string {
  if (host === '*') return 'site:others';
  return host.startsWith('*.') ? `below:${host.slice(2)}` : `site:${host.replace(/[[\]]/g, '')}`;
}

/** The path as it is, or below it; goes behind `if`. @param also what must hold besides */
export function underPath(prefix: string, also: string): string {
  const bare = prefix.replace(/\/$/, '');
  if (bare === '') return also;
  return `${also} { path -m str ${word(bare)} } or ${also} { path -m beg ${word(`${bare}/`)} }`;
}
