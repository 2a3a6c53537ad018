import type { Fields } from './fields.ts';

/** The value of the first field of a name that has no kind of its own. @param name in lower case */
export function fieldValue({ names, values }: Fields, name: string): string | undefined {
  for (let i = 0; i < names.length; i++) {
    const one = names[i] as string;
    if (one.length === name.length && one.toLowerCase() === name) return values[i];
  }
  return undefined;
}

/** All values of a name, as one list (RFC 9110 section 5.3). */
export function fieldList({ names, values }: Fields, name: string): string | undefined {
  const all = values.filter((_, i) => names[i]?.toLowerCase() === name);
  return all.length === 0 ? undefined : all.join(', ');
}
