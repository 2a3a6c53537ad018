/** What a call of `server.listen` asks for, and whether two addresses are the same place. Pure. */
import type { SocketName } from './node-internals.cts';

interface Wanted {
  /** As the app gave it; null = it named none, which means all addresses. */
  readonly host: string | null;
  /** The IP address of `host`, once it was looked up; null = all addresses. */
  readonly address: string | null;
  /** 1 to 65535. */
  readonly port: number;
  readonly backlog: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly callback: (() => void) | undefined;
}

interface ListenArguments {
  readonly port?: unknown;
  readonly host?: unknown;
  readonly path?: unknown;
  readonly fd?: unknown;
  readonly handle?: unknown;
  readonly _handle?: unknown;
  readonly backlog?: unknown;
  readonly signal?: unknown;
}

/**
 * Reads the arguments of `listen` in all forms that Node takes. Returns null for everything that is not a TCP listen
 * on a named port, wrong arguments too: those are for Node to answer.
 */
function wantedAddress(args: readonly unknown[]): Wanted | null {
  const [first] = args;
  const last = args.at(-1);
  const callback = typeof last === 'function' ? (last as () => void) : undefined;
  const options: ListenArguments | null =
    typeof first === 'object'
      ? first
      : { port: first, host: typeof args[1] === 'string' ? args[1] : undefined };
  if (options === null || options._handle || options.handle || typeof options.fd === 'number') return null;
  const port = portNumber(options.port);
  if (port === null || port === 0) return null;
  if (options.host !== undefined && options.host !== null && typeof options.host !== 'string') return null;
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) return null;
  return {
    host: options.host || null,
    address: null,
    port,
    backlog: firstNumber(options.backlog, args[1], args[2]),
    signal,
    callback,
  };
}

/** As Node's validatePort: a number, or a string that is one; everything else (a path, too) is null. */
function portNumber(value: unknown): number | null {
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return null;
  const port = Number(value);
  return Number.isInteger(port) && port >= 0 && port <= 65535 ? port : null;
}

function firstNumber(...values: readonly unknown[]): number | undefined {
  const found = values.find((value) => typeof value !== 'function' && Number(value) > 0);
  return found === undefined ? undefined : Number(found);
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

function isEveryAddress(host: string | null): boolean {
  return host === null || host === '::' || host === '0.0.0.0';
}

/**
 * Whether a socket bound to `bound` is what an app that asks for `asked` means. All addresses are all addresses,
 * however written.
 */
function hostsAgree(asked: string | null, bound: string | null): boolean {
  if (isEveryAddress(asked) || isEveryAddress(bound)) return isEveryAddress(asked) && isEveryAddress(bound);
  if (asked === 'localhost') return LOOPBACK.has(bound ?? '');
  return asked?.toLowerCase() === bound?.toLowerCase();
}

/** Whether connections to the address `asked` arrive at a socket bound to `bound`, which is for all addresses. */
function isWithin(asked: string | null, bound: string | null): boolean {
  if (isEveryAddress(asked) || !isEveryAddress(bound)) return false;
  return bound !== '0.0.0.0' || !asked?.includes(':');
}

/** Whether the kernel would refuse to bind both on one port. */
function hostsCollide(a: string | null, b: string | null): boolean {
  return isEveryAddress(a) || isEveryAddress(b) || hostsAgree(a, b) || hostsAgree(b, a);
}

/** What `server.address()` answers for a server that asked for this. */
function addressOf(host: string | null, port: number): Required<SocketName> {
  const address = host ?? '::';
  return { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port };
}

const exported = { wantedAddress, hostsAgree, hostsCollide, isWithin, isEveryAddress, addressOf };
export type WantedModule = typeof exported;
export type { Wanted };

module.exports = exported;
