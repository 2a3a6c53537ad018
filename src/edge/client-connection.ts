/** A connection of a client, in whatever protocol, as the edge holds it. */
import type { Sweepable } from './sweeper.ts';
import type { Wire } from './wire.ts';

export interface ClientConnection extends Sweepable {
  readonly ip: string;
  readonly wire: Wire;
  /** Accept nothing more than what has begun. `final`: WebSockets are closed at once. */
  drain(final: boolean): void;
  /** The time is up: a WebSocket gets its close frame, anything else ends here. */
  cut(): void;
}
