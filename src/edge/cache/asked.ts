/** What a request asks of a cache. Pure. */
import type { Client } from '../forwarded.ts';
import { fieldList, fieldValue } from '../http1/field-value.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { type Directives, parseDirectives } from './directives.ts';
import { selectionOf } from './vary.ts';

export interface Asked {
  /** Scheme, host in lower case, path and query. */
  readonly key: string;
  /**
   * What else the app gets to know of the address, and could write into its answer: the host as the client spells it, and
   * what a trusted proxy says of it.
   */
  readonly told: string;
  /** Requests that say the same here most likely get the same answer, so that one of them can ask for all. */
  readonly crowd: string;
  readonly directives: Directives;
  /** It says who its client is: the answer may be for that one alone. */
  readonly personal: boolean;
}

export function askedBy(head: RequestHead, client: Client, trusted: boolean): Asked {
  const directives = parseDirectives(fieldList(head.fields, 'cache-control') ?? pragma(head));
  const personal = ['authorization', 'cookie'].some((name) => fieldValue(head.fields, name) !== undefined);
  const told = trusted ? `${head.host}\n${addressIn(client.lines)}` : head.host;
  const key = keyOf(client.scheme, head.host, head.target);
  const crowd = `${key}\n${told}\n${selectionOf(['accept-encoding'], head.fields)}`;
  return { key, told, crowd, directives, personal };
}

/** @param target canonical path and query */
export function keyOf(scheme: string, host: string, target: string): string {
  return `${scheme}://${host.toLowerCase()}${target}`;
}

/** RFC 9111 section 5.4: the way in which HTTP/1.0 says no-cache. */
function pragma({ fields }: RequestHead): string | undefined {
  return fieldList(fields, 'pragma')?.toLowerCase().includes('no-cache') ? 'no-cache' : undefined;
}

/**
 * A Forwarded field (RFC 7239) with a host or a scheme in it. Behind a trusted proxy the app gets it as it is, and every
 * framework reads another one of its elements: what the answer depends on cannot be told.
 */
export function saysAddress({ fields }: RequestHead): boolean {
  return /\b(?:host|proto)\s*=/i.test(fieldList(fields, 'forwarded') ?? '');
}

function addressIn(lines: string): string {
  const said = lines.match(/^X-Forwarded-(?:Host|Port): .*$|;host=(?:"[^"]*"|[^;,\r]*)/gim) ?? [];
  return said.join('\n');
}

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY']);

export function isSafe(method: string): boolean {
  return safe.has(method);
}

/**
 * Fields that some frameworks take for a better knowledge of method or address than the request line: with them, anybody
 * could have an answer to another request kept under this one's address. No browser sends them.
 */
const strange =
  /^(?:x-(?:http-)?method(?:-override)?|x-(?:original|rewrite)-(?:url|uri|host|path)|x-forwarded-(?:scheme|ssl|prefix|path|uri|url|method)|x-(?:http-)?host(?:-override)?|x-url-scheme|x-http-destinationurl|front-end-https)$/i;

/**
 * Whether a kept answer may be given, and a new one be kept. Not for requests with a body, whatever their method, with a
 * precondition (RFC 9110 section 13.1.1 and 13.1.4), with a certificate, and from HTTP/1.0, whose answers may look otherwise.
 */
export function isForCache(head: RequestHead, client: Client): boolean {
  const { method, fields } = head;
  if ((method !== 'GET' && method !== 'HEAD') || head.framed || head.webSocketKey !== '') return false;
  if (head.minor === 0 || /^X-Client-Cert-/m.test(client.lines)) return false;
  return !fields.names.some((name) => /^if-(?:match|unmodified-since)$/i.test(name) || strange.test(name));
}
