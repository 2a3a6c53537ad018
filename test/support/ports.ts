import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const given = new Set<number>();

/**
 * A TCP port that nobody listens on, on any address. It lies below the range from which the kernel takes ports for
 * outgoing connections: one of those would otherwise take it before the test does.
 */
export async function freePort(): Promise<number> {
  const lowest = 10_000;
  const span = ephemeralStart() - lowest;
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = lowest + Math.floor(Math.random() * span);
    if (given.has(port)) continue;
    if ((await canListen(port, '0.0.0.0')) && (await canListen(port, '::'))) {
      given.add(port);
      return port;
    }
  }
  throw new Error(`No free port between ${lowest} and ${lowest + span}`);
}

function ephemeralStart(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10);
  } catch {
    return 32_768;
  }
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // A machine without IPv6 has nobody listening there either.
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EAFNOSUPPORT'));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
