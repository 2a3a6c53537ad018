/**
 * Reads the greeting of a TLS client (RFC 8446 section 4.1.2, the same in TLS 1.2): which name it asks for, and in which protocols it
 * would speak. Known before any cryptography, so that names that nobody serves cost nothing. Strict where it decides, and
 * silent about the rest: OpenSSL reads the same bytes once more and judges them.
 */

export interface ClientHello {
  /** Lower case; undefined when the client names none, as with addresses. */
  readonly serverName: string | undefined;
  readonly protocols: readonly string[];
}

/** More is no greeting: with a key share for a post-quantum exchange one has about 2 KB. */
export const HELLO_MAX = 16 * 1024;
/** Clients send one or two. */
const RECORDS_MAX = 16;

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;

/** Reads on until the greeting is whole; `not-tls` and `malformed` are final. */
export function readClientHello(bytes: Buffer): ClientHello | 'more' | 'not-tls' | 'malformed' {
  const message = joinRecords(bytes);
  if (!Buffer.isBuffer(message)) return message;
  try {
    return parseHello(new Reader(message));
  } catch (error) {
    if (error instanceof RangeError) return 'malformed';
    throw error;
  }
}

/** The handshake message out of its records, of which there may be several. */
function joinRecords(bytes: Buffer): Buffer | 'more' | 'not-tls' | 'malformed' {
  if (bytes.length > 0 && bytes[0] !== HANDSHAKE) return 'not-tls';
  if (bytes.length > 1 && bytes[1] !== 3) return 'not-tls';
  const pieces: Buffer[] = [];
  let have = 0;
  for (let at = 0; ; ) {
    const whole = pieces.length > 0 ? messageLength(pieces) : undefined;
    if (whole === 'malformed') return 'malformed';
    if (whole !== undefined && have >= whole) return Buffer.concat(pieces).subarray(4, whole);
    if (bytes.length < at + 5) return 'more';
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3) return 'malformed';
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || at + length > HELLO_MAX || pieces.length === RECORDS_MAX) return 'malformed';
    if (bytes.length < at + 5 + length) return 'more';
    pieces.push(bytes.subarray(at + 5, at + 5 + length));
    have += length;
    at += 5 + length;
  }
}

/** With its four bytes of head; undefined while these are not there. */
function messageLength(pieces: readonly Buffer[]): number | 'malformed' | undefined {
  const start = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  if (start[0] !== CLIENT_HELLO) return 'malformed';
  if (start.length < 4) return undefined;
  const length = 4 + start.readUIntBE(1, 3);
  return length > HELLO_MAX ? 'malformed' : length;
}

function parseHello(hello: Reader): ClientHello {
  // Version and random.
  hello.skip(34);
  hello.take(hello.number(1)); // session
  hello.take(hello.number(2)); // cipher suites
  hello.take(hello.number(1)); // compression
  let serverName: string | undefined;
  let protocols: readonly string[] = [];
  if (hello.left === 0) return { serverName, protocols };
  const extensions = hello.take(hello.number(2));
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const content = extensions.take(extensions.number(2));
    if (type === SERVER_NAME) serverName = parseServerName(content);
    else if (type === ALPN) protocols = parseProtocols(content);
  }
  return { serverName, protocols };
}

/** RFC 6066 section 3. */
function parseServerName(content: Reader): string | undefined {
  const list = content.take(content.number(2));
  while (list.left > 0) {
    const type = list.number(1);
    const name = list.take(list.number(2));
    if (type === 0) return name.text().toLowerCase().replace(/\.$/, '');
  }
  return undefined;
}

/** RFC 7301 section 3.1. */
function parseProtocols(content: Reader): string[] {
  const list = content.take(content.number(2));
  const protocols: string[] = [];
  while (list.left > 0) protocols.push(list.take(list.number(1)).text());
  return protocols;
}

/** Throws a RangeError at the end of its bytes. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  number(size: 1 | 2): number {
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at += size;
    return value;
  }

  skip(size: number): void {
    if (size > this.left) throw new RangeError('behind the end');
    this.#at += size;
  }

  take(size: number): Reader {
    const from = this.#at;
    this.skip(size);
    return new Reader(this.#bytes.subarray(from, this.#at));
  }

  text(): string {
    return this.#bytes.toString('latin1', this.#at);
  }
}
