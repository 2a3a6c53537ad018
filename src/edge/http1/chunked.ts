/** The chunked coding (RFC 9112 section 7.1), read strictly: CRLF only, extensions and trailers checked and dropped. */
import type { BodyReader } from './body.ts';
import { COLON, CR, LF, TOKEN, VALUE } from './characters.ts';

/** Bytes of extensions and trailers in one body; what they cost must not grow with the body (CVE-2024-22019). */
const EXTRAS_MAX = 8 * 1024;
/** Hex digits of a size: more could not be counted exactly. */
const DIGITS_MAX = 13;

const SEMICOLON = 59;
const EQUALS = 61;
const QUOTE = 34;
const BACKSLASH = 92;

const State = {
  size: 0,
  digits: 1,
  extensionStart: 2,
  extension: 3,
  extensionValueStart: 4,
  extensionValue: 5,
  quoted: 6,
  quotedPair: 7,
  quotedEnd: 8,
  sizeLf: 9,
  data: 10,
  dataCr: 11,
  dataLf: 12,
  trailerStart: 13,
  trailerName: 14,
  trailerValue: 15,
  trailerLf: 16,
  lastLf: 17,
  done: 18,
  malformed: 19,
} as const;
type State = (typeof State)[keyof typeof State];

export class ChunkedReader implements BodyReader {
  from = 0;
  to = 0;
  next = 0;
  done = false;
  #state: State = State.size;
  /** While reading a size: its value so far. While reading data: what is left of the chunk. */
  #left = 0;
  #digits = 0;
  #extras = 0;

  feed(buffer: Buffer, start: number, end: number): boolean {
    let i = start;
    this.from = this.to = start;
    while (i < end && this.#state < State.done) {
      if (this.#state === State.data) i = this.#take(buffer, i, end);
      else this.#state = this.#step(buffer[i++] as number);
    }
    this.next = i;
    this.done = this.#state === State.done;
    return this.#state !== State.malformed;
  }

  /** Takes what is there of a chunk's data, closing the gap to the data before it. */
  #take(buffer: Buffer, at: number, end: number): number {
    const size = Math.min(this.#left, end - at);
    if (this.to === this.from) this.from = this.to = at;
    else buffer.copyWithin(this.to, at, at + size);
    this.to += size;
    this.#left -= size;
    if (this.#left === 0) this.#state = State.dataCr;
    return at + size;
  }

  #step(byte: number): State {
    switch (this.#state) {
      case State.size:
        this.#left = this.#digits = 0;
        return this.#digit(byte);
      case State.digits:
        if (byte === CR) return State.sizeLf;
        if (byte === SEMICOLON) return this.#extra(State.extensionStart);
        return this.#digit(byte);
      case State.sizeLf:
        if (byte !== LF) return State.malformed;
        return this.#left === 0 ? State.trailerStart : State.data;
      case State.dataCr:
        return byte === CR ? State.dataLf : State.malformed;
      case State.dataLf:
        return byte === LF ? State.size : State.malformed;
      case State.lastLf:
        return byte === LF ? State.done : State.malformed;
      case State.trailerStart:
      case State.trailerName:
      case State.trailerValue:
      case State.trailerLf:
        return this.#trailer(byte);
      default:
        return this.#extension(byte);
    }
  }

  #digit(byte: number): State {
    const digit = hexDigit(byte);
    if (digit < 0 || ++this.#digits > DIGITS_MAX) return State.malformed;
    this.#left = this.#left * 16 + digit;
    return State.digits;
  }

  #extension(byte: number): State {
    switch (this.#state) {
      case State.extensionStart:
        return this.#extra(TOKEN[byte] === 1 ? State.extension : State.malformed);
      case State.extension:
        if (byte === EQUALS) return this.#extra(State.extensionValueStart);
        return this.#extensionRest(byte, State.extension);
      case State.extensionValueStart:
        if (byte === QUOTE) return this.#extra(State.quoted);
        return this.#extra(TOKEN[byte] === 1 ? State.extensionValue : State.malformed);
      case State.extensionValue:
        return this.#extensionRest(byte, State.extensionValue);
      case State.quoted:
        if (byte === QUOTE) return this.#extra(State.quotedEnd);
        if (byte === BACKSLASH) return this.#extra(State.quotedPair);
        return this.#extra(VALUE[byte] === 1 ? State.quoted : State.malformed);
      case State.quotedPair:
        return this.#extra(VALUE[byte] === 1 ? State.quoted : State.malformed);
      default:
        return this.#extensionRest(byte, State.malformed);
    }
  }

  /** After a name or a value: more of it, the next extension, or the end of the line. */
  #extensionRest(byte: number, more: State): State {
    if (byte === CR) return State.sizeLf;
    if (byte === SEMICOLON) return this.#extra(State.extensionStart);
    return this.#extra(TOKEN[byte] === 1 ? more : State.malformed);
  }

  #trailer(byte: number): State {
    switch (this.#state) {
      case State.trailerStart:
        if (byte === CR) return State.lastLf;
        return this.#extra(TOKEN[byte] === 1 ? State.trailerName : State.malformed);
      case State.trailerName:
        if (byte === COLON) return this.#extra(State.trailerValue);
        return this.#extra(TOKEN[byte] === 1 ? State.trailerName : State.malformed);
      case State.trailerValue:
        if (byte === CR) return State.trailerLf;
        return this.#extra(VALUE[byte] === 1 ? State.trailerValue : State.malformed);
      default:
        return byte === LF ? State.trailerStart : State.malformed;
    }
  }

  #extra(state: State): State {
    return ++this.#extras > EXTRAS_MAX ? State.malformed : state;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  if (byte >= 65 && byte <= 70) return byte - 55;
  if (byte >= 97 && byte <= 102) return byte - 87;
  return -1;
}
