/** From a request to a tunnel: what a WebSocket means for the counts and for its target. */
import type { Edge } from './edge.ts';
import type { Target } from './target.ts';
import type { SiteTraffic } from './traffic.ts';
import { Tunnel } from './tunnel.ts';
import type { Upstream } from './upstream.ts';
import type { ByteChannel } from './wire.ts';

/** Bytes that came before there was a tunnel. */
export interface FirstBytes {
  readonly fromApp: Buffer;
  readonly fromClient: Buffer;
}

/** Ties a client's channel to the connection that the app has switched; `onDone`: nothing of the two is left. */
export function openTunnel(
  edge: Edge,
  client: ByteChannel,
  upstream: Upstream,
  target: Target,
  traffic: SiteTraffic,
  first: FirstBytes,
  onDone: () => void,
): Tunnel {
  target.connections.forget(upstream);
  traffic.openWebSockets++;
  const tunnel = new Tunnel(client, upstream.wire, edge.sweeper, () => {
    traffic.openWebSockets--;
    target.tunnels.delete(tunnel);
    edge.left(target);
    onDone();
  });
  target.tunnels.add(tunnel);
  if (first.fromApp.length > 0) tunnel.fromApp(first.fromApp, 0, first.fromApp.length);
  if (first.fromClient.length > 0) tunnel.fromClient(first.fromClient, 0, first.fromClient.length);
  tunnel.begin();
  if (target.state === 'closing' || target.state === 'gone') tunnel.close();
  return tunnel;
}
