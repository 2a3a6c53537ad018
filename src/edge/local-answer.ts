/** The answers that the edge gives itself, as bytes. */
import { STATUS_CODES } from 'node:http';
import { page } from './pages/page.ts';

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

export function localAnswer(answer: LocalAnswer): string {
  const { status, message, accept, head, close, extra, html } = answer;
  const { type, body } =
    html !== undefined && accept.includes('text/html')
      ? { type: 'text/html; charset=utf-8', body: html }
      : page(status, message, accept);
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nDate: ${new Date().toUTCString()}\r\n` +
    `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\nCache-Control: no-store\r\n` +
    `${extra}${close ? 'Connection: close\r\n' : ''}\r\n${head ? '' : body}`
  );
}
