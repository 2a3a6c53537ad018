/** Whether the answer of an app is to be compressed on its way. Pure. */
import { fieldList, fieldValue } from '../http1/field-value.ts';
import { Kind } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { isCompressible } from './compressible.ts';

/** Of less there is nothing to gain. */
export const COMPRESSED_MIN = 1024;

/** Fields that are about these very bytes. */
const sums = ['digest', 'content-digest', 'repr-digest', 'content-md5'];

/**
 * It is text that nobody has compressed yet, and whoever made it has nothing against it.
 *
 * @param size of the body, as far as it is known
 */
export function isEligible(
  request: RequestHead,
  { status, fields, declaredLength }: ResponseHead,
  size: number | undefined,
): boolean {
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) return false;
  if (request.minor === 0 || fieldValue(fields, 'content-encoding') !== undefined) return false;
  const length = declaredLength >= 0 ? declaredLength : size;
  if (length !== undefined && length < COMPRESSED_MIN) return false;
  const type = fields.first(Kind.contentType);
  if (type === undefined || !isCompressible(type)) return false;
  if (/\bno-transform\b/i.test(fieldList(fields, 'cache-control') ?? '')) return false;
  return sums.every((name) => fieldValue(fields, name) === undefined);
}
