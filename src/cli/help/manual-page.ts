/** The manual as a page of man(7), and as text for where there is no `man`. Pure. */
import type { Help } from 'commander';
import type { Section } from './manual.ts';

/** @param version of Holdfast, in the footer of the page */
export function manPage(sections: readonly Section[], version: string): string {
  const lines = [
    '.\\" Printed from the program by scripts/generate-reference.js: do not edit.',
    // No date: it would be a lie as soon as it is printed anew.
    `.TH HOLD 1 "" "holdfast ${version}" "Holdfast"`,
    // Neither hyphens nor blanks that are not there: things are copied from it.
    '.nh',
    '.ad l',
    ...sections.flatMap(({ title, level, paragraphs, items = [], lines: asIs = [] }) => [
      `.${level === 1 ? 'SH' : 'SS'} "${roff(title).replaceAll('"', '\\(dq')}"`,
      ...paragraphs.flatMap((text, index) => [...(index === 0 ? [] : ['.PP']), textLine(text)]),
      ...items.flatMap(([term, words]) => ['.TP', `\\fB${roff(term)}\\fR`, textLine(words)]),
      ...(asIs.length > 0
        ? [...(paragraphs.length + items.length > 0 ? ['.PP'] : []), '.nf', ...asIs.map(textLine), '.fi']
        : []),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** For a pipe, and for machines without `man`. */
export function manualText(sections: readonly Section[], width: number, helper: Help): string[] {
  const wrapped = (text: string, indent: number) =>
    helper
      .boxWrap(text, Math.max(20, width - indent))
      .split('\n')
      .map((line) => `${' '.repeat(indent)}${line}`.trimEnd());
  return sections.flatMap(({ title, level, paragraphs, items = [], lines = [] }, index) => [
    ...(index === 0 ? [] : ['']),
    `${level === 1 ? '' : '  '}${title}`,
    ...paragraphs.flatMap((text) => wrapped(text, 4)),
    ...items.flatMap(([term, words]) => [`    ${term}`, ...wrapped(words, 10)]),
    ...(lines.length > 0 && paragraphs.length + items.length > 0 ? [''] : []),
    ...lines.map((line) => `    ${line}`),
  ]);
}

/** A line that begins with a dot or a quote would be a request. */
function textLine(text: string): string {
  const escaped = roff(text);
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** As groff_char(7) has it: plain dashes and quotes, which can be copied, and all else by its number. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(
      /[^\x20-\x7e]/gu,
      (sign) => `\\[u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}
