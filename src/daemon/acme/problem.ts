/** What an ACME server refuses, and why: RFC 8555 6.7, problem documents of RFC 9457. */
import type { AcmeAnswer } from './http.ts';

/** As far as we read it; nothing of it can be relied on. */
export interface ProblemDocument {
  readonly type?: unknown;
  readonly detail?: unknown;
  readonly subproblems?: readonly (ProblemDocument & {
    readonly identifier?: { readonly value?: unknown };
  })[];
}

const PREFIX = 'urn:ietf:params:acme:error:';
/** Longer texts are cut: they end up in a line of an event. */
const MAX_WORDS = 400;

export class AcmeProblem extends Error {
  /** Without the prefix, such as `rateLimited`; empty when the server names none. */
  readonly type: string;
  /** The server wants to be left alone for so long; null when it does not say. */
  readonly retryAfterMs: number | null;

  constructor(type: string, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.name = 'AcmeProblem';
    this.type = type;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The problem that an answer tells. */
export function problemIn(answer: AcmeAnswer, now: number): AcmeProblem {
  let document: ProblemDocument = {};
  try {
    document = JSON.parse(answer.text) as ProblemDocument;
  } catch {
    // An error page of something in between.
  }
  const words = wordsOf(document);
  const text = words === '' ? `the certificate authority answers with status ${answer.status}` : words;
  return new AcmeProblem(typeOf(document), text, retryAfter(answer, now));
}

/** In words: the detail, and for each name what is wrong with it. */
export function wordsOf(document: ProblemDocument | undefined): string {
  const parts = [document, ...(Array.isArray(document?.subproblems) ? document.subproblems : [])];
  const words = parts.flatMap((part) => {
    if (typeof part?.detail !== 'string') return [];
    const { identifier } = part as { identifier?: { value?: unknown } };
    return typeof identifier?.value === 'string' ? [`${identifier.value}: ${part.detail}`] : [part.detail];
  });
  const type = typeOf(document ?? {});
  const text = words
    .join('; ')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .slice(0, MAX_WORDS);
  return type === '' || text === '' ? text : `${text} (${type})`;
}

function typeOf({ type }: ProblemDocument): string {
  return typeof type === 'string' && type.startsWith(PREFIX) ? type.slice(PREFIX.length) : '';
}

/** `Retry-After` in milliseconds from now, RFC 9110 10.2.3; null when it is missing or makes no sense. */
export function retryAfter({ headers }: Pick<AcmeAnswer, 'headers'>, now: number): number | null {
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
