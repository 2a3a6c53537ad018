/** What the edge itself says to a client, in place of an app. */
import type { ClientSide } from '../client-side.ts';
import type { Visited } from '../gate/visit.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { ownHead } from '../own-head.ts';

/**
 * Answers with a page, as the site has it.
 * @param visit undefined: the site has no wishes
 * @param keep the client may use its connection again, for all that is known of this request
 * @param lines field lines, each with its CRLF
 * @param html in place of the edge's own page
 */
export function sayPage(
  side: ClientSide,
  request: RequestHead,
  visit: Visited | undefined,
  status: number,
  message: string,
  keep: boolean,
  lines: string,
  html: string | undefined,
): void {
  const keepClient = keep && request.keepAlive && !side.edge.draining;
  side.answerLocally(status, message, request, keepClient, lines + (visit?.pageLines ?? ''), html);
}

/** Answers 200 with this text, and closes: for machines that ask who we are. */
export function sayPlainly(side: ClientSide, request: RequestHead, text: string): void {
  const head = ownHead(200, [['Content-Type', 'text/plain']], text.length);
  const bytes = Buffer.from(request.method === 'HEAD' ? '' : text);
  side.answer(request, head, false, '').write(bytes, 0, bytes.length, true);
  side.finished(false);
}
