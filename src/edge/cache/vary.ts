/** Which answers of one address are for which requests (RFC 9111 section 4.1). Pure. */
import { fieldList } from '../http1/field-value.ts';
import type { Fields } from '../http1/fields.ts';
import { splitList } from './directives.ts';

/** Names in lower case, sorted; undefined: no other request may have this answer (`*`). */
export function varyNames(answer: Fields): readonly string[] | undefined {
  const names = splitList(fieldList(answer, 'vary') ?? '').map((name) => name.toLowerCase());
  return names.includes('*') ? undefined : [...new Set(names)].sort();
}

/** What a request says in the fields of these names; equal texts mean the same answer. */
export function selectionOf(names: readonly string[], request: Fields): string {
  return names.map((name) => `${name}: ${normalised(name, fieldList(request, name))}\n`).join('');
}

function normalised(name: string, value: string | undefined): string {
  if (value === undefined) return '';
  const items = splitList(value);
  return ` ${name === 'accept-encoding' ? codingsOf(items) : items.join(',')}`;
}

const known = new Set(['gzip', 'x-gzip', 'br', 'zstd', 'deflate']);

/**
 * The codings that it takes at all: clients say them in any order and with names that nobody has heard of, and each
 * way to say it would be another answer to keep. What is more particular is taken as it is.
 */
function codingsOf(items: readonly string[]): string {
  const lower = items.map((item) => item.toLowerCase().replace(/\s+/g, ''));
  if (lower.some((item) => /^(?:\*|identity)/.test(item))) return lower.join(',');
  const taken = lower
    .filter((item) => !/;q=0(?:\.0*)?$/.test(item))
    .map((item) => item.split(';', 1)[0] ?? '');
  return [...new Set(taken)]
    .filter((coding) => known.has(coding))
    .sort()
    .join(',');
}
