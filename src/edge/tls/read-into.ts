/**
 * Lets a TLS socket read into a buffer of ours, as `onread` does for sockets of `net.connect`. Servers offer no such
 * setting, so this sets what that setting sets: three properties of `net.Socket` and a method of its handle, which Node
 * has in all versions since 12 but does not declare.
 */
import net from 'node:net';
import type { TLSSocket } from 'node:tls';

interface Handle {
  useUserBuffer?(buffer: Buffer): void;
}

const own = Object.getOwnPropertySymbols(new net.Socket());
const symbolOf = (name: string) => own.find(({ description }) => description === name);
const [BUFFER, CALLBACK] = [symbolOf('kBuffer'), symbolOf('kBufferCb')];

/** @returns false when this cannot be had, and nothing has changed */
export function readInto(socket: TLSSocket, buffer: Buffer, onBytes: (size: number) => boolean): boolean {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Handle };
  if (!BUFFER || !CALLBACK || !handle?.useUserBuffer || socket.readableLength > 0) return false;
  Object.assign(socket, { [BUFFER]: buffer, [CALLBACK]: onBytes });
  handle.useUserBuffer(buffer);
  return true;
}
