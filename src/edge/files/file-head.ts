/** What a request says of the file that it asks for, and the head of the answer with that file. */
import { STATUS_CODES } from 'node:http';
import type { Coding } from '../encode/accept-encoding.ts';
import type { Visit } from '../gate/visit.ts';
import { fieldList, fieldValue } from '../http1/field-value.ts';
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
  readonly keep: boolean;
}

export function fileHead({ head, gate, lines }: Visit, facts: FileFacts): string {
  const { status, coding, chunked, version, size, range, keep } = facts;
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
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nDate: ${httpDate()}\r\n`;
  for (const [name, value] of gate.fields.apply(fields)) text += `${name}: ${value}\r\n`;
  if (status !== 304) {
    const length = range ? range.end - range.start : size;
    text += chunked ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${length}\r\n`;
  }
  if (!keep) text += 'Connection: close\r\n';
  else if (head.minor === 0) text += 'Connection: keep-alive\r\n';
  return `${text}${lines}\r\n`;
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
