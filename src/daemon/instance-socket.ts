import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type HomePaths, LONGEST_SOCKET_PATH } from '../protocol/home.ts';

/** The unix socket of a routed instance: `run/web.0.3.sock`, or a short name when that would be too long for a socket. */
export function instanceSocket(
  { run }: Pick<HomePaths, 'run'>,
  app: string,
  slot: number,
  serial: number,
): string {
  const name = `${app}.${slot}.${serial}`;
  const readable = join(run, `${name}.sock`);
  if (Buffer.byteLength(readable) <= LONGEST_SOCKET_PATH) return readable;
  return join(run, createHash('sha256').update(name).digest('hex').slice(0, 12));
}
