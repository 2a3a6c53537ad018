/** The head of an answer that the edge itself gives. */
import { STATUS_CODES } from 'node:http';
import { Fields } from './http1/fields.ts';
import { CHUNKED } from './http1/request-fields.ts';
import type { ResponseHead } from './http1/response-head.ts';

/** @param length of the body in bytes, CHUNKED, or undefined for an answer that has none and says nothing of it (204, 304) */
export function ownHead(
  status: number,
  lines: readonly (readonly [name: string, value: string])[],
  length: number | undefined,
): ResponseHead {
  const fields = new Fields();
  for (const [name, value] of lines) fields.add(name, value, false);
  return {
    status,
    reason: STATUS_CODES[status] ?? '',
    minor: 1,
    fields,
    length: length ?? 0,
    declaredLength: length === undefined || length === CHUNKED ? -1 : length,
    declaredChunked: length === CHUNKED,
    keepAlive: true,
    keepAliveSeconds: 0,
    hopNames: [],
    upgrade: false,
    again: false,
    written: undefined,
  };
}
