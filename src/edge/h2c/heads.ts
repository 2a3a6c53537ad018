/** From the heads of HTTP/1.1 to those of HTTP/2 and back (RFC 9113 section 8). Pure. */
import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http2';
import { Fields, Kind, parseLength } from '../http1/fields.ts';
import { CHUNKED } from '../http1/request-fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { allowedTrailers, takesTrailers } from '../http1/trailers.ts';

/** Of one connection (RFC 9113 section 8.2.2), or with a name of its own here. */
const HOP = /^(?:host|connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te)$/;

/**
 * The fields of a request.
 * @param text its head as it would go out in HTTP/1.1, which has decided what is passed on
 */
export function requestFields(
  text: string,
  head: RequestHead,
  scheme: 'http' | 'https',
): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = Object.create(null);
  fields[':method'] = head.method;
  fields[':scheme'] = scheme;
  fields[':path'] = head.target;
  if (head.host !== '') fields[':authority'] = head.host;
  for (const line of text.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    if (HOP.test(name)) continue;
    const value = line.slice(colon + 2);
    const before = fields[name];
    // RFC 9110 section 5.3, and RFC 9113 section 8.2.3.
    fields[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  if (takesTrailers(head)) fields.te = 'trailers';
  return fields;
}

/**
 * The head of an answer; what is wrong with it, in words, if it is none.
 *
 * @param done nothing follows
 */
export function responseHead(
  fields: IncomingHttpHeaders,
  bodyless: boolean,
  done = false,
): ResponseHead | string {
  const status = Number(fields[':status']);
  if (!(status >= 100 && status <= 999)) return 'there is no status in the answer';
  const kept = regularFields(fields);
  const said = kept.first(Kind.contentLength);
  const declaredLength = said === undefined ? -1 : parseLength(said);
  if (declaredLength === undefined || (said !== undefined && !kept.hasOne(Kind.contentLength)))
    return 'Content-Length is not one plain number';
  const empty = bodyless || status < 200 || status === 204 || status === 304;
  return {
    status,
    reason: STATUS_CODES[status] ?? '',
    minor: 1,
    fields: kept,
    length: empty ? 0 : declaredLength >= 0 ? declaredLength : CHUNKED,
    declaredLength,
    declaredChunked: declaredLength < 0 && status >= 200 && status !== 204 && status !== 304,
    keepAlive: true,
    keepAliveSeconds: 0,
    endUnsure: !empty && !done && declaredLength < 0,
    hopNames: [],
    upgrade: false,
    again: false,
    written: undefined,
  };
}

/** What stands behind a body, as far as that may stand there. */
export function trailerFields(fields: IncomingHttpHeaders): Fields {
  return allowedTrailers(regularFields(fields));
}

function regularFields(fields: IncomingHttpHeaders): Fields {
  const kept = new Fields();
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) kept.add(name, one, name.includes('_'));
  }
  return kept;
}
