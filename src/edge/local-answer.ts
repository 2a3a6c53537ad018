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
}

export function localAnswer(answer: LocalAnswer): string {
  const { status, message, accept, head, close, extra } = answer;
  const { type, body } = page(status, message, accept);
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nDate: ${new Date().toUTCString()}\r\n` +
    `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\n` +
    `${extra}${close ? 'Connection: close\r\n' : ''}\r\n${head ? '' : body}`
  );
}
