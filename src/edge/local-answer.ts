/** The answers that the edge gives itself, as bytes. */
import { STATUS_CODES } from 'node:http';
import { Kind } from './http1/fields.ts';
import type { RequestHead } from './http1/request-head.ts';
import { type Page, page } from './pages/page.ts';

export interface LocalAnswer {
  readonly status: number;
  readonly message: string;
  /** Of the request, if there was a readable one. */
  readonly accept: string;
  readonly head: boolean;
  readonly close: boolean;
  /** More field lines. */
  readonly extra: string;
  /** A page in place of our own, for those who read HTML; its bytes as latin1. */
  readonly html?: string | undefined;
}

/** What is in it: `html` for those who read that, else a page or a text of our own. */
export function localPage({
  status,
  message,
  accept,
  html,
}: Omit<LocalAnswer, 'head' | 'close' | 'extra'>): Page {
  return html !== undefined && accept.includes('text/html')
    ? { type: 'text/html; charset=utf-8', body: html }
    : page(status, message, accept);
}

/** Of the body of such an answer to this request. */
export function localBytes(
  { method, fields }: RequestHead,
  { status, message, html }: Pick<LocalAnswer, 'status' | 'message' | 'html'>,
): number {
  if (method === 'HEAD') return 0;
  return localPage({ status, message, accept: fields.first(Kind.accept) ?? '', html }).body.length;
}

export function localAnswer(answer: LocalAnswer): string {
  const { status, head, close, extra } = answer;
  const { type, body } = localPage(answer);
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nDate: ${new Date().toUTCString()}\r\n` +
    `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\nCache-Control: no-store\r\n` +
    `${extra}${close ? 'Connection: close\r\n' : ''}\r\n${head ? '' : body}`
  );
}
