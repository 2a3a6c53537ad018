/** The question whether what is kept still holds. Pure. */
import { Fields } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { Stored } from './stored.ts';

const conditional = /^(?:if-none-match|if-modified-since|range|if-range)$/i;

/** It asks for the whole, and without conditions. */
export function isPlain({ fields }: RequestHead): boolean {
  return !fields.names.some((name) => conditional.test(name));
}

/**
 * The request with the validators of what is kept in place of the client's own (RFC 9111 section 4.3.1).
 *
 * @param without names, in lower case, of fields that are left out besides
 */
export function asking(
  head: RequestHead,
  { etag, lastModified }: Pick<Stored, 'etag' | 'lastModified'>,
  without: readonly string[] = [],
): RequestHead {
  const { names, values } = head.fields;
  const fields = new Fields();
  names.forEach((name, i) => {
    if (conditional.test(name) || without.includes(name.toLowerCase())) return;
    fields.add(name, values[i] as string, name.includes('_'));
  });
  if (etag !== '') fields.add('If-None-Match', etag, false);
  if (lastModified !== '') fields.add('If-Modified-Since', lastModified, false);
  // Another object, by which writers recognise fields that they have written before.
  return { ...head, fields, said: { ...head.said, fields, text: '' } };
}
