/** The fields of answers as a site wants them: its own, without those that it removes, and those of compression. */
import type { AnswerHeaders } from '../../protocol/site-content.ts';
import type { Coding } from '../encode/accept-encoding.ts';
import { Fields } from '../http1/fields.ts';
import { CHUNKED } from '../http1/request-fields.ts';
import type { ResponseHead } from '../http1/response-head.ts';

type Field = readonly [name: string, value: string];

/** What a page of the edge's own says itself. */
const ownNames = new Set(['cache-control', 'content-type', 'location', 'retry-after', 'www-authenticate']);

/** How the body of an answer is sent. */
export interface Encoding {
  /** The content depends on what the client takes. */
  readonly varies: boolean;
  /** undefined: as it is. */
  readonly coding: Coding | undefined;
}

export class AnswerFields {
  /** Field lines for pages of the edge's own. */
  readonly pageLines: string;
  readonly #set: readonly Field[];
  readonly #fallback: readonly Field[];
  /** Names in lower case that do not come from the app. */
  readonly #dropped: ReadonlySet<string>;
  readonly #plain: boolean;
  /** Of heads that come again and again. */
  readonly #known = new WeakMap<ResponseHead, Map<string, ResponseHead>>();

  constructor({ set, fallback, remove }: AnswerHeaders) {
    this.#set = Object.entries(set);
    this.#fallback = Object.entries(fallback);
    this.#dropped = new Set([...remove, ...Object.keys(set)].map((name) => name.toLowerCase()));
    this.#plain = this.#dropped.size === 0 && this.#fallback.length === 0;
    const own = this.apply([]).filter(([name]) => !ownNames.has(name.toLowerCase()));
    this.pageLines = own.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  }

  /** Fields of an answer, as this site wants them. */
  apply(fields: readonly Field[]): readonly Field[] {
    if (this.#plain) return fields;
    const kept = fields.filter(([name]) => !this.#dropped.has(name.toLowerCase()));
    const there = new Set(kept.map(([name]) => name.toLowerCase()));
    const missing = this.#fallback.filter(
      ([name]) => !there.has(name.toLowerCase()) && !this.#dropped.has(name.toLowerCase()),
    );
    return [...kept, ...missing, ...this.#set];
  }

  /** The head of an app's answer, as the client gets it. */
  dress(head: ResponseHead, encoding: Encoding): ResponseHead {
    if (this.#plain && !encoding.varies) return head;
    if (!head.again) return this.#made(head, encoding);
    const known = this.#known.get(head) ?? new Map<string, ResponseHead>();
    this.#known.set(head, known);
    const key = `${encoding.varies} ${encoding.coding}`;
    const made = known.get(key) ?? this.#made(head, encoding);
    known.set(key, made);
    return made;
  }

  #made(head: ResponseHead, encoding: Encoding): ResponseHead {
    const { names, values } = head.fields;
    const said = encoded(
      names.map((name, i): Field => [name, values[i] as string]),
      encoding,
    );
    const fields = fieldsOf(this.apply(said));
    const given = fieldsOf(said);
    const length =
      encoding.coding === undefined ? {} : { length: CHUNKED, declaredLength: -1, declaredChunked: true };
    return { ...head, ...length, fields, given, written: undefined };
  }
}

function fieldsOf(lines: readonly Field[]): Fields {
  const fields = new Fields();
  for (const [name, value] of lines) fields.add(name, value, false);
  return fields;
}

/** Content-Length goes by itself: the length of what is sent is not known before. */
function encoded(fields: readonly Field[], { varies, coding }: Encoding): readonly Field[] {
  if (!varies) return fields;
  const vary = fields.find(([name]) => name.toLowerCase() === 'vary');
  const others = fields.filter((field) => field !== vary);
  const all = coding === undefined ? others : others.flatMap((field) => ofEncoded(field));
  const said = vary?.[1] ?? '';
  const known = said.split(',').some((item) => /^(?:\*|accept-encoding)$/i.test(item.trim()));
  const full = known ? said : said === '' ? 'Accept-Encoding' : `${said}, Accept-Encoding`;
  const added: Field[] = [['Vary', full]];
  if (coding !== undefined) added.push(['Content-Encoding', coding]);
  return [...all, ...added];
}

/** RFC 9110 section 8.8.1: other bytes are another version, unless its tag is a weak one. */
function ofEncoded([name, value]: Field): readonly Field[] {
  switch (name.toLowerCase()) {
    case 'etag':
      return [[name, value.startsWith('W/') ? value : `W/${value}`]];
    case 'accept-ranges':
    case 'content-length':
      return [];
    default:
      return [[name, value]];
  }
}
