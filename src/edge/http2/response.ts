/** The head of an answer as a header block (RFC 9113 section 8.3.2), its bytes as latin1. */
import { type Fields, Kind } from '../http1/fields.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { encodeField } from './hpack/encoder.ts';

/** Of heads that come again and again. */
const written = new WeakMap<ResponseHead, { readonly extra: string; readonly block: string }>();

/** @param extra more field lines, each with its CRLF */
export function responseBlock(head: ResponseHead, extra: string): string {
  if (!head.again) return blockOf(head, extra);
  const before = written.get(head);
  if (before?.extra === extra) return before.block;
  const block = blockOf(head, extra);
  written.set(head, { extra, block });
  return block;
}

function blockOf(head: ResponseHead, extra: string): string {
  let block = encodeField(':status', String(head.status)) + fieldsBlock(head.fields, head.hopNames);
  // Of an answer to HEAD and of 304 it is what would have followed.
  if (head.declaredLength >= 0 && head.status >= 200 && head.status !== 204)
    block += encodeField('content-length', String(head.declaredLength));
  return extra === '' ? block : block + linesBlock(extra);
}

/** The head of an accepted WebSocket (RFC 8441 section 5): what the 101 said, without what has no meaning here. */
export function acceptedBlock({ fields, hopNames }: ResponseHead): string {
  return encodeField(':status', '200') + fieldsBlock(fields, hopNames, Kind.webSocketAccept);
}

export function trailersBlock(fields: Fields): string {
  return fieldsBlock(fields, []);
}

function fieldsBlock({ names, values, kinds }: Fields, hopNames: readonly string[], without?: Kind): string {
  let block = '';
  for (let i = 0; i < names.length; i++) {
    const kind = kinds[i];
    switch (kind) {
      case Kind.contentLength:
      case Kind.transferEncoding:
      case Kind.connection:
      case Kind.keepAlive:
      case Kind.hop:
      case Kind.upgrade:
        continue;
    }
    if (kind === without) continue;
    const name = (names[i] as string).toLowerCase();
    if (hopNames.length > 0 && hopNames.includes(name)) continue;
    block += encodeField(name, values[i] as string);
  }
  return block;
}

function linesBlock(lines: string): string {
  let block = '';
  for (let at = 0; at < lines.length; ) {
    const colon = lines.indexOf(': ', at);
    const end = lines.indexOf('\r\n', colon);
    block += encodeField(lines.slice(at, colon).toLowerCase(), lines.slice(colon + 2, end));
    at = end + 2;
  }
  return block;
}
