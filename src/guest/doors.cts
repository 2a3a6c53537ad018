/**
 * The listening sockets that this process inherited from the daemon: which of them a call of `listen` means, and
 * their handles.
 */
import type * as Net from 'node:net';
import type { DoorOrder } from '../protocol/link.ts' with { 'resolution-mode': 'import' };
import type { ClientHandle, ListenHandle } from './node-internals.cts';
import type { QuietlyModule } from './quietly.cts';
import type { WantedModule } from './wanted.cts';

const net: typeof Net & { _createServerHandle?: CreateServerHandle } = require('node:net');
const { quiet }: QuietlyModule = require('./quietly.cjs');
const { hostsAgree, isWithin }: WantedModule = require('./wanted.cjs');

/** Returns a negative errno when the fd is not a socket that one can listen on. */
type CreateServerHandle = (address: null, port: null, type: null, fd: number) => ListenHandle | number;

interface Doors {
  /** Whether there is one on this port that is not in use, for whatever address. */
  has(port: number): boolean;
  /**
   * An exact address is better than "all addresses, however written", and that is better than a wider socket, on
   * which only part of what comes is for the app.
   */
  find(port: number, host: string | null): Door | undefined;
}

function createDoors(orders: readonly DoorOrder[]): Doors {
  const doors = orders.map((order) => new Door(order));
  const free = (port: number): Door[] => doors.filter((door) => door.isFree && door.port === port);
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

/** How long a socket waits for the program that has only tried it to listen in earnest. */
const PARKED_MS = 1000;

/**
 * One inherited fd. It is closed with the server that listens on it, so it serves one listen (the daemon may pass
 * several fds of one socket), except that a program may try the port: listen, close, and only then listen in earnest.
 */
class Door {
  readonly host: string | null;
  readonly port: number;
  readonly #fd: number;
  #state: 'free' | 'used' | 'parked' = 'free';
  #handle: ListenHandle | null = null;
  #expiry: NodeJS.Timeout | undefined;
  /** Connections that came while it was parked. */
  readonly #waiting: ClientHandle[] = [];

  constructor({ fd, host, port }: DoorOrder) {
    this.#fd = fd;
    this.host = host;
    this.port = port;
  }

  get isFree(): boolean {
    return this.#state !== 'used';
  }

  /** A handle for a server to listen on; null when the fd is not what the daemon said it is. */
  take(): ListenHandle | null {
    clearTimeout(this.#expiry);
    const handle = this.#handle ?? this.#open();
    this.#state = 'used';
    if (!handle) return null;
    let trial = true;
    setImmediate(() => {
      trial = false;
    }).unref();
    const close = Object.getPrototypeOf(handle).close;
    handle.close = (...args) => {
      if (trial) this.#park(handle);
      else Reflect.apply(close, handle, args);
    };
    handle.ref();
    return handle;
  }

  /** Hands over what came while it was parked. To be called when the server is set up. */
  handOver(): void {
    const handle = this.#handle;
    if (this.#waiting.length === 0) return;
    setImmediate(
      quiet(() => {
        for (const client of this.#waiting.splice(0)) handle?.onconnection?.(0, client);
      }),
    );
  }

  #open(): ListenHandle | null {
    const handle = net._createServerHandle?.(null, null, null, this.#fd);
    this.#handle = typeof handle === 'object' ? handle : null;
    return this.#handle;
  }

  #park(handle: ListenHandle): void {
    this.#state = 'parked';
    handle.unref();
    handle.onconnection = (status, client) => {
      if (status === 0 && client) this.#waiting.push(client);
    };
    this.#expiry = setTimeout(
      quiet(() => {
        this.#state = 'used';
        Object.getPrototypeOf(handle).close.call(handle);
        for (const client of this.#waiting.splice(0)) client.close();
      }),
      PARKED_MS,
    ).unref();
  }
}

const exported = { createDoors };
export type DoorsModule = typeof exported;
export type { Door };

module.exports = exported;
