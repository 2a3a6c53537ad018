/** Two sockets as one: bytes, ends and breaks of each become those of the other. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** How long a tunnel of which one direction has ended may be silent. */
const HALF_OPEN_IDLE_MS = 60_000;

/** @param head what the client has sent already */
export function join(client: Duplex, upstream: Socket, head: Buffer): void {
  client.on('error', () => breakOff(upstream));
  upstream.on('error', () => breakOff(client));
  client.once('close', () => settle(upstream, client));
  upstream.once('close', () => settle(client, upstream));
  const limit = () => {
    for (const side of [client, upstream]) {
      if ('setTimeout' in side) (side as Socket).setTimeout(HALF_OPEN_IDLE_MS, () => side.destroy());
    }
  };
  client.once('end', limit);
  upstream.once('end', limit);
  if (head.length > 0) upstream.write(head);
  client.pipe(upstream);
  upstream.pipe(client);
}

/** One side is gone. What came whole is delivered to the end; what broke must look broken. */
function settle(other: Duplex, gone: Duplex): void {
  if (!gone.readableEnded || gone.errored || !other.writableEnded) breakOff(other);
}

/** By a reset: an end in order would say that all has come. */
function breakOff(side: Duplex): void {
  try {
    if ('resetAndDestroy' in side) (side as Socket).resetAndDestroy();
  } catch {
    // TLS has none.
  }
  side.destroy();
}
