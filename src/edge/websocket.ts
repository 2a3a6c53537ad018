/** The opening handshake of a WebSocket, as far as a proxy must understand it (RFC 6455 section 4). */
import { createHash } from 'node:crypto';
import { Kind } from './http1/fields.ts';
import type { ResponseHead } from './http1/response-head.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Whether a 101 is the answer to a handshake with this key: only then what follows are frames. */
export function isSwitch(head: ResponseHead, key: string): boolean {
  const { fields } = head;
  return (
    head.minor === 1 &&
    head.upgrade &&
    fields.hasOne(Kind.upgrade) &&
    fields.first(Kind.upgrade)?.toLowerCase() === 'websocket' &&
    fields.hasOne(Kind.webSocketAccept) &&
    fields.first(Kind.webSocketAccept) ===
      createHash('sha1')
        .update(key + GUID)
        .digest('base64')
  );
}
