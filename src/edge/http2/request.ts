/**
 * The head of a request out of the fields of its header block (RFC 9113 section 8.3): what HTTP/1.1 would have said, as strictly
 * as that is read, or a refusal. Pure.
 */
import { randomBytes } from 'node:crypto';
import { SPACE, TAB, TOKEN, VALUE } from '../http1/characters.ts';
import { Fields, Kind, parseLength } from '../http1/fields.ts';
import { isHost } from '../http1/host.ts';
import { canonicalTarget } from '../http1/path.ts';
import { type Refusal, refusal } from '../http1/refusal.ts';
import { CHUNKED, REQUEST_FIELDS_MAX, type RequestFields } from '../http1/request-fields.ts';
import { methodProblem, REQUEST_HEAD_MAX, type RequestHead } from '../http1/request-head.ts';

/** What breaks RFC 9113 section 8: the stream is reset with PROTOCOL_ERROR. In words, for the access log. */
export interface Malformed {
  readonly malformed: string;
}

const TOO_LARGE = refusal(431, `The header fields are larger than ${REQUEST_HEAD_MAX} bytes`);
const TOO_MANY = refusal(431, `More than ${REQUEST_FIELDS_MAX} header fields`);
const BAD_SCHEME = refusal(400, 'The scheme must be http or https');
const BAD_TARGET = refusal(400, 'The request target is malformed or ambiguous');
const BAD_EXPECT = refusal(417, 'Only the expectation 100-continue is known here');
const NO_CONNECT = refusal(405, 'CONNECT is not served here');
const UNKNOWN_PROTOCOL = refusal(501, 'Only websocket can be connected to here');
const NONE: readonly string[] = [];

/** What the lines of HTTP/1.1 have around a name and a value. */
const LINE_BYTES = 4;
/** Parts that a Cookie may come in. */
const CRUMBS_MAX = 500;

const pseudoNames = [':method', ':scheme', ':authority', ':path', ':protocol'] as const;
type PseudoName = (typeof pseudoNames)[number];

function isPseudo(name: string): name is PseudoName {
  return (pseudoNames as readonly string[]).includes(name);
}

/** What was read before, so that the same need not be checked and written again. */
export interface Remembered {
  readonly names: readonly string[];
  readonly values: readonly string[];
  readonly said: RequestFields;
}

/** Takes the fields of one header block, one after the other. */
export class RequestReader {
  readonly names: string[] = [];
  readonly values: string[] = [];
  /** Why there is no request in it; the first thing found counts. */
  #problem: Refusal | Malformed | undefined;
  readonly #pseudo: { [name in PseudoName]?: string } = {};
  #bytes = 0;
  #crumbs = 0;
  /** Place of the Cookie in the lists. */
  #cookie = -1;

  readonly onField = (name: string, value: string): void => {
    if (this.#problem) return;
    this.#bytes += name.length + value.length + LINE_BYTES;
    if (this.#bytes > REQUEST_HEAD_MAX) this.#problem = TOO_LARGE;
    else if (name.charCodeAt(0) === 58) this.#addPseudo(name, value);
    else if (name === 'cookie' && this.#cookie >= 0) this.#addCrumb(value);
    else if (this.names.length === REQUEST_FIELDS_MAX) this.#problem = TOO_MANY;
    else {
      if (name === 'cookie') this.#cookie = this.names.length;
      this.names.push(name);
      this.values.push(value);
    }
  };

  #addPseudo(name: string, value: string): void {
    if (!isPseudo(name)) this.#problem = { malformed: 'an unknown pseudo-header' };
    else if (this.names.length > 0) this.#problem = { malformed: 'a pseudo-header behind a header field' };
    else if (this.#pseudo[name] !== undefined) this.#problem = { malformed: `${name} twice` };
    else this.#pseudo[name] = value;
  }

  /** RFC 9113 section 8.2.3. */
  #addCrumb(value: string): void {
    if (++this.#crumbs > CRUMBS_MAX) this.#problem = TOO_MANY;
    this.values[this.#cookie] += `; ${value}`;
  }

  /**
   * @param endStream no body follows
   * @param connects extended CONNECT (RFC 8441) was offered
   * @param before of the request before; when the fields are the same, so is what they say
   */
  finish(endStream: boolean, connects: boolean, before?: Remembered): RequestHead | Refusal | Malformed {
    if (this.#problem) return this.#problem;
    const { ':method': method, ':scheme': scheme, ':path': path, ':protocol': protocol } = this.#pseudo;
    const authority = this.#pseudo[':authority'];
    if (method === undefined) return { malformed: 'no :method' };
    if (protocol !== undefined && (!connects || method !== 'CONNECT'))
      return { malformed: ':protocol where it was not offered' };
    if (method === 'CONNECT' && protocol === undefined)
      return scheme === undefined && path === undefined && authority !== undefined
        ? NO_CONNECT
        : { malformed: 'CONNECT with :scheme or :path' };
    if (scheme === undefined || path === undefined) return { malformed: 'no :scheme or no :path' };
    if (!isMethod(method)) return { malformed: 'the method is malformed' };
    if (path === '' || !isVisible(path)) return { malformed: ':path is empty or has blanks in it' };
    if (authority !== undefined && !isHost(authority)) return { malformed: ':authority is no host' };
    const said = this.#said(authority, endStream, before);
    if (!('host' in said)) return said;
    const host = said.host as string;
    if (scheme !== 'http' && scheme !== 'https') return BAD_SCHEME;
    if (protocol !== undefined) return connect(said, host, path, protocol, endStream);
    const unknown = methodProblem(method);
    if (unknown) return unknown;
    if (path === '*' && method === 'OPTIONS') return headOf(method, '*', '/', '', host, said, '');
    const target = canonicalTarget(path);
    if (!target) return BAD_TARGET;
    return headOf(method, target.path + target.query, target.path, target.query, host, said, '');
  }

  /** Why this is no block of trailers (RFC 9113 section 8.1), in words. */
  trailersProblem(): string | undefined {
    if (Object.keys(this.#pseudo).length > 0) return 'a pseudo-header among trailers';
    if (this.#problem) return 'malformed' in this.#problem ? this.#problem.malformed : this.#problem.reason;
    for (let i = 0; i < this.names.length; i++) {
      const problem = fieldProblem(this.names[i] as string, this.values[i] as string);
      if (problem) return problem.malformed;
    }
    return undefined;
  }

  #said(
    authority: string | undefined,
    endStream: boolean,
    before: Remembered | undefined,
  ): RequestFields | Refusal | Malformed {
    if (before && this.#isSame(before)) {
      const { said } = before;
      const same = said.host === authority && (said.length === 0) === endStream;
      if (same && !said.framed && !said.expectsContinue) return said;
    }
    return parseFields(this.names, this.values, authority, endStream);
  }

  #isSame({ names, values }: Remembered): boolean {
    if (names.length !== this.names.length) return false;
    for (let i = 0; i < names.length; i++) {
      if (names[i] !== this.names[i] || values[i] !== this.values[i]) return false;
    }
    return true;
  }
}

function parseFields(
  names: readonly string[],
  values: readonly string[],
  authority: string | undefined,
  endStream: boolean,
): RequestFields | Refusal | Malformed {
  const fields = new Fields();
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const value = values[i] as string;
    const problem = fieldProblem(name, value);
    if (problem) return problem;
    fields.add(name, value, name.includes('_'));
  }
  const host = hostOf(fields, authority);
  if (host === undefined) return { malformed: 'no host, or two that differ' };
  const declared = fields.first(Kind.contentLength);
  const length = declared === undefined ? undefined : parseLength(declared);
  if (declared !== undefined && (length === undefined || !fields.hasOne(Kind.contentLength)))
    return { malformed: 'content-length is not one plain number' };
  if (endStream && length !== undefined && length > 0) return { malformed: 'content-length, and no body' };
  const expect = fields.first(Kind.expect);
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') return BAD_EXPECT;
  return {
    text: '',
    minor: 1,
    fields,
    host,
    length: endStream ? 0 : (length ?? CHUNKED),
    framed: !endStream || length !== undefined,
    keepAlive: true,
    expectsContinue: expect !== undefined && !endStream,
    hopNames: NONE,
    webSocketKey: '',
  };
}

/** RFC 9113 section 8.2.1 and 8.2.2. */
function fieldProblem(name: string, value: string): Malformed | undefined {
  if (!isName(name)) return { malformed: 'the name of a header field is malformed' };
  if (!isValue(value)) return { malformed: `the value of ${name} is malformed` };
  switch (name) {
    case 'connection':
    case 'keep-alive':
    case 'proxy-connection':
    case 'transfer-encoding':
    case 'upgrade':
      return { malformed: `${name} has no place in HTTP/2` };
    case 'te':
      return value === 'trailers' ? undefined : { malformed: 'te is not trailers' };
    default:
      return undefined;
  }
}

/** Section 8.3.1: :authority, and a Host that says the same; or Host alone. */
function hostOf(fields: Fields, authority: string | undefined): string | undefined {
  const host = fields.first(Kind.host);
  if (host === undefined) return authority;
  if (!fields.hasOne(Kind.host) || !isHost(host)) return undefined;
  return authority === undefined || authority.toLowerCase() === host.toLowerCase() ? host : undefined;
}

/** RFC 8441 section 5: becomes the GET of RFC 6455, with a key of ours. */
function connect(
  said: RequestFields,
  host: string,
  path: string,
  protocol: string,
  endStream: boolean,
): RequestHead | Refusal | Malformed {
  if (endStream || said.length !== CHUNKED) return { malformed: 'CONNECT with a body, or none to come' };
  if (protocol.toLowerCase() !== 'websocket') return UNKNOWN_PROTOCOL;
  const target = canonicalTarget(path);
  if (!target) return BAD_TARGET;
  const fields = new Fields();
  const { names, values, kinds } = said.fields;
  for (let i = 0; i < names.length; i++) {
    if (kinds[i] === Kind.webSocketKey || kinds[i] === Kind.expect) continue;
    const name = names[i] as string;
    fields.add(name, values[i] as string, name.includes('_'));
  }
  const webSocketKey = randomBytes(16).toString('base64');
  fields.add('Sec-WebSocket-Key', webSocketKey, false);
  if (!fields.has(Kind.webSocketVersion)) fields.add('Sec-WebSocket-Version', '13', false);
  const handshake = { ...said, fields, length: 0, framed: false, expectsContinue: false, webSocketKey };
  return headOf('GET', target.path + target.query, target.path, target.query, host, handshake, webSocketKey);
}

function headOf(
  method: string,
  target: string,
  path: string,
  query: string,
  host: string,
  said: RequestFields,
  webSocketKey: string,
): RequestHead {
  const { fields, length, framed, expectsContinue } = said;
  return {
    method,
    target,
    path,
    query,
    host,
    minor: 1,
    fields,
    length,
    framed,
    keepAlive: true,
    expectsContinue,
    hopNames: NONE,
    webSocketKey,
    said,
  };
}

/** A token in lower case. */
function isName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (TOKEN[code] !== 1 || (code >= 65 && code <= 90)) return false;
  }
  return name !== '';
}

function isValue(value: string): boolean {
  const { length } = value;
  if (length === 0) return true;
  for (let i = 0; i < length; i++) if (VALUE[value.charCodeAt(i)] !== 1) return false;
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(length - 1));
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function isVisible(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= SPACE || code === 127) return false;
  }
  return true;
}

function isMethod(method: string): boolean {
  for (let i = 0; i < method.length; i++) if (TOKEN[method.charCodeAt(i)] !== 1) return false;
  return method !== '';
}
