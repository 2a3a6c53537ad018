/** docs/benchmarks.md as text: written whole, or with some of its sections measured anew. Pure. */
import { table } from './figures.ts';
import type { Aim } from './section.ts';

export interface Measured {
  readonly title: string;
  readonly about: string;
  readonly text: string;
  readonly aims: readonly Aim[];
}

const AIMS = 'Aims';

export function wholeDocument(machine: string, measured: readonly Measured[]): string {
  const intro = [
    '# Benchmarks',
    'Written by `npm run bench`; do not edit it by hand.',
    `Holdfast beside the tools that it stands in for, on one machine, in one run. The load generator shares the cores with
what it loads, and the machine is small and may be shared, so compare figures only within a table, and take a difference
below some 10 % for noise: that is what the rounds in turn and the medians leave. The load is one that a benchmark can
repeat, not yours: an app that does real work makes every proxy look the same.`,
    machine,
  ];
  const aims = measured.flatMap((one) => one.aims).map(aimRow);
  return joined(intro.join('\n\n'), [
    { title: AIMS, body: aimsBody(aims) },
    ...measured.map(({ title, about, text }) => ({ title, body: `${about}\n\n${text}` })),
  ]);
}

/**
 * The document with these sections in place of the old ones of the same title.
 *
 * @param order the titles of all sections
 */
export function updatedDocument(
  document: string,
  measured: readonly Measured[],
  order: readonly string[],
): string {
  const [intro = '', ...parts] = document.split(/^## /m);
  const old = new Map(
    parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1).trim()]),
  );
  const rows = new Map(aimRows(old.get(AIMS) ?? '').map((row) => [row[0] ?? '', row]));
  for (const aim of measured.flatMap((one) => one.aims)) rows.set(aim.what, aimRow(aim));
  for (const { title, about, text } of measured) old.set(title, `${about}\n\n${text}`);
  old.set(AIMS, aimsBody([...rows.values()]));
  const titles = [AIMS, ...order].filter((title) => old.has(title));
  return joined(
    intro.trim(),
    titles.map((title) => ({ title, body: old.get(title) ?? '' })),
  );
}

function joined(intro: string, parts: readonly { readonly title: string; readonly body: string }[]): string {
  return [intro, ...parts.map(({ title, body }) => `## ${title}\n\n${body}`)].join('\n\n').concat('\n');
}

function aimsBody(rows: readonly (readonly string[])[]): string {
  const words = 'What was aimed at before it was built, and what came of it.';
  return `${words}\n\n${table(
    ['', 'aim', 'result', ''],
    rows.map((row) => [...row]),
  )}`;
}

function aimRow({ what, aim, result, met }: Aim): string[] {
  return [what, aim, result, met ? 'met' : '**missed**'];
}

/** Those of the table, without its head. */
function aimRows(body: string): string[][] {
  const lines = body.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
}
