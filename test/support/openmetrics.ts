/** A strict reader of both text formats of metrics. Throws at what a scraper would refuse, or misread. */
import type { TextFormat } from '../../src/protocol/metrics.ts';

const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:,(?!\})|(?=\})))*)\})? (-?[0-9.e+-]+|\+Inf|-Inf|NaN)$/;

const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
  info: ['_info'],
};

/** @returns the names of all samples */
export function metricNames(text: string, format: TextFormat): Set<string> {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line has no end');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('"# EOF" is missing');
  const names = new Set<string>();
  const families = new Set<string>();
  const samples = new Set<string>();
  const buckets = new Map<string, number>();
  let family = { name: '', type: '' };
  for (const line of lines) {
    const head = /^# (TYPE|HELP|UNIT) (\S+) (.+)$/.exec(line);
    if (head) {
      const [, what, name = '', rest = ''] = head;
      if (what === 'TYPE') {
        if (families.has(name) || !ENDINGS[rest]) throw new Error(`not a family: ${line}`);
        families.add(name);
        family = { name, type: rest };
      } else if (name !== family.name) throw new Error(`not within its family: ${line}`);
      if (what === 'UNIT' && !name.endsWith(`_${rest}`)) throw new Error(`its name lacks the unit: ${line}`);
      continue;
    }
    const match = SAMPLE.exec(line);
    if (!match) throw new Error(`not a sample: ${line}`);
    const [, name = '', labels = '', value = ''] = match;
    const isPlain = format === 'prometheus' && family.type !== 'histogram';
    const endings = isPlain ? [''] : (ENDINGS[family.type] ?? []);
    if (!endings.some((ending) => name === family.name + ending))
      throw new Error(`of another family: ${line}`);
    if (samples.has(`${name}{${labels}`)) throw new Error(`twice: ${line}`);
    samples.add(`${name}{${labels}`);
    names.add(name);
    if (name.endsWith('_bucket')) {
      const series = labels.replace(/,?le="[^"]*"/, '');
      if (Number(value) < (buckets.get(series) ?? 0)) throw new Error(`not cumulative: ${line}`);
      buckets.set(series, Number(value));
    }
    if (family.type === 'histogram' && name.endsWith('_count') && buckets.get(labels) !== Number(value))
      throw new Error(`not as many as in its classes: ${line}`);
  }
  return names;
}
