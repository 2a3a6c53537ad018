/**
 * Doors: listening sockets that the daemon holds and never accepts on. The processes that accept inherit them, so a
 * port stays open, and connections wait in the kernel, while those come and go.
 *
 * Uses `net._createServerHandle` and `handle.fd`, which Node has but does not document; nothing else here does.
 */

import { closeSync } from 'node:fs';
import net from 'node:net';
import { HoldfastError } from '../errors.ts';
import { portOwner } from './port-owner.ts';

export interface Address {
  /** null = all addresses, IPv6 and IPv4. */
  readonly host: string | null;
  readonly port: number;
}

export interface Door extends Address {
  readonly fd: number;
}

interface Handle {
  readonly fd: number;
  close(): void;
}

interface BoundHandle extends Handle {
  getsockname(out: object): number;
}

/** A copy of a socket that an app has opened by itself, as the app sent it. */
export interface OfferedHandle extends Handle {
  readonly getsockname?: BoundHandle['getsockname'];
}

type CreateServerHandle = (host: string, port: number, family: 4 | 6) => BoundHandle | number;

/** More than an app has a use for: each costs a descriptor of ours. */
const MOST_OF_AN_APP = 100;

export class Doors {
  /** The handle is kept so that it is not collected, which would close the socket; inherited ones have only the number. */
  readonly #open = new Map<string, { door: Door; handle: Handle | null }>();
  readonly #onChange: () => void;

  constructor(inherited: readonly Door[], onChange: () => void) {
    for (const door of inherited) this.#open.set(keyOf(door), { door, handle: null });
    this.#onChange = onChange;
  }

  get all(): readonly Door[] {
    return [...this.#open.values()].map(({ door }) => door);
  }

  find(address: Address): Door | undefined {
    return this.#open.get(keyOf(address))?.door;
  }

  /**
   * The door at this address, opened when it is not yet.
   *
   * @throws HoldfastError PORT_TAKEN, PORT_DENIED
   */
  open(address: Address): Door {
    const known = this.find(address);
    if (known) return known;
    const handle = bind(address);
    return this.#keep(address, handle);
  }

  /** Takes a copy of a socket that an app has opened by itself, see `mayHold`. */
  hold(address: Address, handle: Handle): Door {
    const known = this.find(address);
    if (!known) return this.#keep(address, handle);
    handle.close();
    return known;
  }

  close(address: Address): void {
    const entry = this.#open.get(keyOf(address));
    if (!entry) return;
    this.#open.delete(keyOf(address));
    if (entry.handle) entry.handle.close();
    else closeSync(entry.door.fd);
    this.#onChange();
  }

  #keep(address: Address, handle: Handle): Door {
    const door = { host: address.host, port: address.port, fd: handle.fd };
    this.#open.set(keyOf(door), { door, handle });
    this.#onChange();
    return door;
  }
}

/**
 * Whether a socket that an app offers is to be held: it is bound to the address that the app says, and the app has not too many.
 *
 * @param known how many addresses of the app are known
 */
export function mayHold({ host, port }: Address, handle: OfferedHandle, known: number): boolean {
  const name: { address?: string; port?: number } = {};
  if (known >= MOST_OF_AN_APP || handle.getsockname?.(name) !== 0) return false;
  return port > 0 && name.port === port && name.address === (host ?? '::');
}

export function sameAddress(a: Address, b: Address): boolean {
  return keyOf(a) === keyOf(b);
}

/** As a person would write it: `3000`, `127.0.0.1:3000`, `[::1]:3000`. */
export function describeAddress({ host, port }: Address): string {
  if (host === null) return `${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function keyOf({ host, port }: Address): string {
  return `${host ?? '*'} ${port}`;
}

function bind(address: Address): Handle {
  const create = (net as unknown as { _createServerHandle: CreateServerHandle })._createServerHandle;
  const attempt = (host: string): Handle | number => {
    const handle = create(host, address.port, net.isIPv6(host) ? 6 : 4);
    if (typeof handle === 'number') return handle;
    // libuv keeps EADDRINUSE for later; asking for the name brings it out.
    const errno = handle.getsockname({});
    if (errno >= 0) return handle;
    handle.close();
    return errno;
  };
  let handle = attempt(address.host ?? '::');
  // A machine without IPv6.
  if (typeof handle === 'number' && address.host === null && !isTaken(handle)) handle = attempt('0.0.0.0');
  if (typeof handle !== 'number') return handle;
  throw bindError(address, handle);
}

const EACCES = 13;
const EADDRINUSE = [98, 48];

function isTaken(errno: number): boolean {
  return EADDRINUSE.includes(-errno);
}

function bindError(address: Address, errno: number): HoldfastError {
  const where = describeAddress(address);
  if (isTaken(errno)) {
    const owner = portOwner(address.port);
    const who = owner ? ` by ${owner.name} (pid ${owner.pid})` : '';
    return new HoldfastError('PORT_TAKEN', `Cannot listen on port ${where}: it is already used${who}`);
  }
  if (-errno === EACCES) {
    return new HoldfastError('PORT_DENIED', `Cannot listen on port ${where}: this user may not`);
  }
  return new HoldfastError('PORT_DENIED', `Cannot listen on ${where}: the system says error ${-errno}`, {
    hint: 'Check that the address belongs to this machine',
  });
}
