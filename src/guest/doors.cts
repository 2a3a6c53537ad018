/** The listening sockets that this process inherited from the daemon, and which of them a call of `listen` means. */
import type { DoorOrder } from '../protocol/link.ts' with { 'resolution-mode': 'import' };
import type { WantedModule } from './wanted.cts';

const { hostsAgree, isWithin }: WantedModule = require('./wanted.cjs');

/**
 * An fd serves one listen: it is closed with the server. The daemon may pass several fds of one socket, for programs that
 * close a server and listen again.
 */
interface Door extends DoorOrder {
  used: boolean;
}

interface Doors {
  /** Whether there is one on this port that is not in use, for whatever address. */
  has(port: number): boolean;
  /**
   * An exact address is better than "all addresses, however written", and that is better than a wider socket, on which only
   * part of what comes is for the app.
   */
  find(port: number, host: string | null): Door | undefined;
}

function createDoors(orders: readonly DoorOrder[]): Doors {
  const all: Door[] = orders.map((order) => ({ ...order, used: false }));
  const free = (port: number): Door[] => all.filter((door) => !door.used && door.port === port);
  return {
    has: (port) => free(port).length > 0,
    find(port, host) {
      const fitting = free(port);
      return (
        fitting.find((door) => door.host === host) ??
        fitting.find((door) => hostsAgree(host, door.host)) ??
        fitting.find((door) => isWithin(host, door.host))
      );
    },
  };
}

const exported = { createDoors };
export type DoorsModule = typeof exported;
export type { Door };

module.exports = exported;
