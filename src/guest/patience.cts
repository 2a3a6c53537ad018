/**
 * On the edge's socket: the edge keeps idle connections for less than 75 s, so the app must keep them for longer
 * (otherwise it closes one just as the edge sends a request), whatever it sets for clients of its own; and a
 * connection that waits for its first head is no slow client.
 */
import type { AppServer } from './node-internals.cts';

const EDGE_IDLE_MS = 75_000;

/** `atEdge` says whether the server listens on the edge's socket just now; elsewhere the app's own settings apply. */
function bePatient(server: AppServer, atEdge: () => boolean): void {
  adjust(server, 'keepAliveTimeout', (own) => (atEdge() && own !== 0 ? Math.max(own, EDGE_IDLE_MS) : own));
  adjust(server, 'headersTimeout', (own) => (atEdge() ? 0 : own));
}

function adjust(
  server: AppServer,
  name: 'keepAliveTimeout' | 'headersTimeout',
  adjusted: (own: number) => number,
): void {
  let own = server[name];
  Object.defineProperty(server, name, {
    get: () => (typeof own === 'number' ? adjusted(own) : own),
    set(value: number) {
      own = value;
    },
    enumerable: true,
    configurable: true,
  });
}

const exported = { bePatient };
export type PatienceModule = typeof exported;
module.exports = exported;
