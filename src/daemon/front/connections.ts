/** Who is connected, as the kernel tells: for programs that do not tell themselves. Linux only (proc(5), net/tcp). */
import { readFileSync } from 'node:fs';

const ESTABLISHED = '01';

/** Whether a connection to this port of this machine is open; null = this system does not tell. */
export function isConnected(port: number): boolean | null {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map(read);
  if (tables.every((table) => table === null)) return null;
  return tables.some((table) => table !== null && hasConnection(table, port));
}

/** @param table as the kernel prints it: a line for each socket, addresses and ports in hexadecimal */
export function hasConnection(table: string, port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').some((line) => {
    const [, from = '', , state] = line.trim().split(/\s+/);
    return state === ESTABLISHED && from.endsWith(local);
  });
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
