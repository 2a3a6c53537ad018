/** What a request says of the file that it asks for, and the head of the answer with that file. */
import type { Coding } from '../encode/accept-encoding.ts';
import type { Visit } from '../gate/visit.ts';
import { fieldList, fieldValue } from '../http1/field-value.ts';
import { CHUNKED } from '../http1/request-fields.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { ownHead } from '../own-head.ts';
import type { ByteRange, Conditions, Version } from './conditions.ts';

export interface FileFacts {
  readonly status: number;
  readonly type: string;
  /** That the content is in. */
  readonly coding: Coding | undefined;
  /** It is compressed on its way, so that nobody knows how long it will be. */
  readonly chunked: boolean;
  /** Another client may get it in another coding. */
  readonly varies: boolean;
  readonly version: Version & { readonly lastModified: string };
  /** Of the whole file. */
  readonly size: number;
  /** Undefined: all of it. */
  readonly range: ByteRange | undefined;
  readonly cacheControl: string;
}

export function fileHead({ gate }: Visit, facts: FileFacts): ResponseHead {
  const { status, coding, chunked, version, size, range } = facts;
  const fields: [string, string][] = [
    ['ETag', version.etag],
    ['Last-Modified', version.lastModified],
    ['Cache-Control', facts.cacheControl],
  ];
  if (facts.varies) fields.push(['Vary', 'Accept-Encoding']);
  if (status !== 304) {
    fields.push(['Content-Type', facts.type]);
    if (coding) fields.push(['Content-Encoding', coding]);
    if (!chunked) fields.push(['Accept-Ranges', 'bytes']);
    if (range) fields.push(['Content-Range', `bytes ${range.start}-${range.end - 1}/${size}`]);
  }
  const length = chunked ? CHUNKED : range ? range.end - range.start : size;
  return ownHead(
    status,
    [['Date', httpDate()], ...gate.fields.apply(fields)],
    status === 304 ? undefined : length,
  );
}

export function conditionsOf({ head: { fields } }: Visit): Conditions {
  return {
    ifMatch: fieldList(fields, 'if-match'),
    ifNoneMatch: fieldList(fields, 'if-none-match'),
    ifModifiedSince: fieldValue(fields, 'if-modified-since'),
    ifUnmodifiedSince: fieldValue(fields, 'if-unmodified-since'),
    ifRange: fieldValue(fields, 'if-range'),
    range: fieldList(fields, 'range'),
  };
}

let dateOf = 0;
let date = '';

/** The time as HTTP has it, which is right to a second. */
function httpDate(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== dateOf) {
    dateOf = now;
    date = new Date(now * 1000).toUTCString();
  }
  return date;
}
