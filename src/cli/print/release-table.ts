/** Releases for people: a table of all, and one in full. */
import { formatDuration } from '../../kit/units.ts';
import type { ReleaseOutcome, ReleaseRecord } from '../../protocol/release.ts';
import type { Style } from './style.ts';
import { type Column, table } from './table.ts';
import { plain } from './text.ts';
import { formatMoment } from './time.ts';

const words: Readonly<
  Record<ReleaseOutcome, readonly [keyof Pick<Style, 'green' | 'red' | 'yellow' | 'dim'>, string]>
> = {
  making: ['yellow', 'being made'],
  made: ['yellow', 'made'],
  promoting: ['yellow', 'gets traffic'],
  baking: ['yellow', 'serves, is watched'],
  serving: ['green', 'serves'],
  superseded: ['dim', 'served'],
  rolledBack: ['red', 'rolled back'],
  failed: ['red', 'failed'],
  abandoned: ['dim', 'given up'],
};

const columns: readonly Column[] = [
  { head: 'release' },
  { head: 'state' },
  { head: 'made', drop: 2 },
  { head: 'by', drop: 3 },
  { head: 'what', shrink: 12, comfort: 24 },
];

export function releaseTable(
  records: readonly (ReleaseRecord & { readonly host?: string })[],
  { width, style, now }: { width: number; style: Style; now: number },
): string[] {
  const isRemote = records.some(({ host }) => host !== undefined);
  const rows = records.map((record) => {
    const [tone, word] = words[record.outcome];
    const { source, by, reason } = record;
    // That somebody has given it up is its state, and no reason.
    const isTold = /^(failed|rolledBack)$/.test(record.outcome) || reason?.startsWith('abandoned') === true;
    const subject = source.subject ?? source.from;
    const about = isTold && reason !== null ? `${reason} (${subject})` : subject;
    return [
      ...(isRemote ? [record.host ?? ''] : []),
      record.id,
      { text: word, paint: style[tone] },
      formatMoment(record.createdAt, now),
      plain(by.user),
      plain(about),
    ];
  });
  return table(isRemote ? [{ head: 'host' }, ...columns] : columns, rows, { width, paintHead: style.dim });
}

export interface ReleaseLinesOptions {
  readonly dir: string;
  /** The last output of the step that failed. */
  readonly last: readonly string[];
  readonly style: Style;
  readonly now: number;
}

export function releaseLines(
  record: ReleaseRecord,
  { dir, last, style, now }: ReleaseLinesOptions,
): string[] {
  const { source, by, node, packages } = record;
  const [tone, word] = words[record.outcome];
  const facts: (readonly [string, string | null])[] = [
    [
      'from',
      [source.ref, source.commit?.slice(0, 12), source.commit ? null : source.from].filter(Boolean).join(' '),
    ],
    ['subject', source.subject],
    ['author', source.author],
    [
      'by',
      `${by.user}@${by.host}${by.from ? ` from ${by.from}` : ''}${by.via === 'local' ? '' : ` (${by.via})`}`,
    ],
    ['made', formatMoment(record.createdAt, now)],
    ['served', served(record, now)],
    ['node', node?.version ?? null],
    [
      'packages',
      packages && `${packages.count}, ${packages.manager} ${packages.managerVersion}, ${packages.lockfile}`,
    ],
    ['directory', dir],
  ];
  return [
    `${style.bold(`${record.project} ${record.id}`)}  ${style[tone](word)}`,
    ...(record.reason ? [`  ${plain(record.reason)}`] : []),
    '',
    ...facts.flatMap(([name, value]) => (value ? [`  ${style.dim(name.padEnd(10))} ${plain(value)}`] : [])),
    ...(packages?.notes ?? []).map((note) => `  ${' '.repeat(10)} ${plain(note)}`),
    '',
    ...record.steps.map(({ name, outcome, tookMs, note }) => {
      // Once is enough: it is at the top.
      const said = note === record.reason ? '' : plain(note ?? '');
      const mark = { done: style.green('✔'), failed: style.red('✖'), skipped: style.dim('-'), running: '…' }[
        outcome
      ];
      const took = tookMs === null || outcome === 'skipped' ? '' : formatDuration(tookMs);
      return `  ${mark} ${name.padEnd(8)} ${took.padStart(6)}  ${said}`.trimEnd();
    }),
    ...(last.length > 0 ? ['', ...last.map((line) => `    ${style.dim(plain(line))}`)] : []),
  ];
}

function served({ servedFrom, servedUntil }: ReleaseRecord, now: number): string | null {
  if (servedFrom === null) return null;
  const from = `from ${formatMoment(servedFrom, now)}`;
  return servedUntil === null ? from : `${from} to ${formatMoment(servedUntil, now)}`;
}

/** Without the address: `Ann <ann@example.com>` is Ann. */
export function nameOf(author: string): string {
  return plain(author.replace(/\s*<[^>]*>$/, '') || author);
}
