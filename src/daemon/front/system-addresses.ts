/** Where a server of the machine is to listen by the file that it gets, and whether it does: its checker does not look, and its reload does not wait. */
import { createConnection } from 'node:net';
import type { FrontServer } from '../../config/plan.ts';
import { addressesIn } from '../../exporters/listening.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Rendered } from './rendering.ts';

const LISTENS_MS = 10_000;
const CONNECT_MS = 2000;
const LOOK_MS = 100;

const lines: Readonly<Record<Exclude<FrontServer, 'caddy'>, RegExp>> = {
  nginx: /^\s*listen ([^\s;]+)/gm,
  apache: /^Listen (\S+)/gm,
  haproxy: /^\s*bind (\S+)/gm,
};

/** As `127.0.0.1:80`, `[::1]:80`, and `*:80` for all of the machine. */
export function addressesOf(server: FrontServer, { text, plan }: Rendered): readonly string[] {
  if (server !== 'caddy') return addressesIn([{ path: '', text, mode: 0 }], lines[server]);
  // It names them by site.
  const { http, https } = plan.edge;
  const used = [
    ...(/^http:\/\//m.test(text) ? [http] : []),
    ...(/^https:\/\//m.test(text) ? [{ ...https, host: http.host }] : []),
  ];
  return used.map(({ host, port }) => {
    if (host === null) return `*:${port}`;
    return `${host.includes(':') ? `[${host}]` : host}:${port}`;
  });
}

/** Those where nothing takes connections, after ten seconds at most. */
export async function silentOf(addresses: readonly string[], clock: Clock): Promise<readonly string[]> {
  const end = clock.now() + LISTENS_MS;
  for (;;) {
    const answers = await Promise.all(addresses.map(takesConnections));
    const silent = addresses.filter((_, index) => !answers[index]);
    if (silent.length === 0 || clock.now() >= end) return silent;
    await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
  }
}

function takesConnections(address: string): Promise<boolean> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  const anywhere: Readonly<Record<string, string>> = {
    '*': '127.0.0.1',
    '0.0.0.0': '127.0.0.1',
    '::': '::1',
  };
  return new Promise((resolve) => {
    const socket = createConnection({ host: anywhere[host] ?? host, port: Number(address.slice(at + 1)) });
    const answer = (does: boolean) => {
      socket.destroy();
      resolve(does);
    };
    socket.setTimeout(CONNECT_MS, () => answer(false));
    socket.once('connect', () => answer(true));
    // A machine without this kind of address does not tell us anything.
    socket.once('error', (error: NodeJS.ErrnoException) => answer(error.code !== 'ECONNREFUSED'));
  });
}
