/**
 * From a destination to a connection. The name is looked up here, once, and what is connected to is an address that was
 * judged: a name that means something else a moment later gets nobody anywhere.
 */
import dns from 'node:dns';
import net from 'node:net';
import { canonicalAddress, type Destination, describeDestination } from './address.ts';
import type { Permits } from './policy.ts';

/** Why there is no connection. */
export class DialError extends Error {
  /** As the system calls it: EACCES when it is not allowed. */
  readonly code: string;
  readonly address: string | null;

  constructor(code: string, message: string, address: string | null = null) {
    super(message);
    this.name = 'DialError';
    this.code = code;
    this.address = address;
  }

  get isDenied(): boolean {
    return this.code === 'EACCES';
  }
}

export type Resolve = (host: string) => Promise<readonly string[]>;

export interface DialOptions {
  readonly resolve: Resolve;
  /** For each address. */
  readonly connectTimeoutMs: number;
  readonly resolveTimeoutMs: number;
}

export const dialDefaults: DialOptions = {
  resolve: async (host) => {
    const found = await dns.promises.lookup(host, { all: true, verbatim: true });
    return found.map(({ address }) => address);
  },
  connectTimeoutMs: 10_000,
  resolveTimeoutMs: 15_000,
};

/** More are not tried; a name with hundreds of addresses would keep a client waiting for hours. */
const MOST_ADDRESSES = 6;

/** @throws DialError */
export async function dial(
  permits: Permits,
  to: Destination,
  signal: AbortSignal,
  options: DialOptions = dialDefaults,
): Promise<net.Socket> {
  const hopeless = permits.refusesName(to);
  if (hopeless) throw denied(to, hopeless);
  const addresses = net.isIP(to.host) ? [to.host] : await lookUp(to.host, options);
  const reasons = addresses.map((address) => permits.refusesAddress(to, address));
  const allowed = addresses.filter((_, index) => reasons[index] === null).slice(0, MOST_ADDRESSES);
  if (allowed.length === 0) throw denied(to, reasons[0] ?? 'it has no address');
  let failure: unknown;
  for (const address of allowed) {
    try {
      return await connect(address, to.port, signal, options.connectTimeoutMs);
    } catch (error) {
      failure = error;
      if (signal.aborted) break;
    }
  }
  throw failure;
}

function denied(to: Destination, reason: string): DialError {
  return new DialError('EACCES', `${describeDestination(to)} is denied by egress: ${reason}`);
}

async function lookUp(host: string, { resolve, resolveTimeoutMs }: DialOptions): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new DialError('EAI_AGAIN', `getaddrinfo EAI_AGAIN ${host}`);
    timer = setTimeout(() => reject(error), resolveTimeoutMs);
  });
  try {
    const found = await Promise.race([resolve(host), late]);
    return found.map(canonicalAddress);
  } catch (error) {
    if (error instanceof DialError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'ENOTFOUND';
    throw new DialError(code, `getaddrinfo ${code} ${host}`);
  } finally {
    clearTimeout(timer);
  }
}

function connect(address: string, port: number, signal: AbortSignal, timeoutMs: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    const fail = (code: string) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      const where = describeDestination({ host: address, port });
      reject(new DialError(code, `connect ${code} ${where}`, address));
    };
    const onAbort = () => fail('ECONNABORTED');
    const timer = setTimeout(() => fail('ETIMEDOUT'), timeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'ECONNREFUSED'));
    socket.once('connect', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners('error');
      // Whoever takes it listens; until then nobody must fall over it.
      socket.on('error', () => undefined);
      // So that the far end of an idle tunnel that is gone is noticed.
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      resolve(socket);
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
}

export const KEEP_ALIVE_MS = 60_000;
