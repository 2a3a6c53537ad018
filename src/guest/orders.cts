/**
 * Takes the daemon's orders out of the environment, and the guest's own traces out of what children of the app
 * inherit. A process without orders (a forked child, a worker thread, a plain `node`) is none of our business.
 */
import type { GuestOrders } from '../protocol/link.ts' with { 'resolution-mode': 'import' };

/** The same name as `GUEST_ENV` of the protocol; the guest imports nothing at run time. */
const VARIABLE = 'HOLDFAST_GUEST';
/** Comes with the guest, see launch/spec.ts. */
const EXCLUDE_NETWORK = '--report-exclude-network';

/**
 * Returns null when there are none, or none that can be read. Changes `env` and `execArgv` (the latter is what
 * `child_process.fork` hands on) so that neither mentions the guest any more.
 */
function takeOrders(env: NodeJS.ProcessEnv, execArgv: string[], guestFile: string): GuestOrders | null {
  const text = env[VARIABLE];
  if (text === undefined) return null;
  delete env[VARIABLE];
  removePreload(execArgv, guestFile);
  if (env.NODE_UNIQUE_ID !== undefined) return null; // a cluster worker: its primary has the listening sockets
  return parseOrders(text);
}

function parseOrders(text: string): GuestOrders | null {
  try {
    const orders: Partial<GuestOrders> | null = JSON.parse(text);
    if (typeof orders?.link !== 'string' || typeof orders.instance !== 'string') return null;
    return {
      link: orders.link,
      instance: orders.instance,
      serial: orders.serial ?? 0,
      socket: orders.socket ?? null,
      front: orders.front ?? null,
      port: orders.port ?? null,
      doors: orders.doors ?? [],
      exitNote: orders.exitNote ?? null,
      offer: orders.offer ?? false,
      healthEveryMs: orders.healthEveryMs ?? 1000,
      messages: orders.messages ?? false,
      reports: orders.reports ?? null,
      watchdogMs: orders.watchdogMs ?? null,
      probe: orders.probe ?? null,
    };
  } catch {
    return null;
  }
}

function removePreload(execArgv: string[], guestFile: string): void {
  for (let i = execArgv.length - 1; i >= 0; i--) {
    const option = execArgv[i];
    if ((option === '--require' || option === '-r') && execArgv[i + 1] === guestFile) {
      const before = execArgv[i - 1] === EXCLUDE_NETWORK ? 1 : 0;
      execArgv.splice(i - before, 2 + before);
      i -= before;
    } else if (option === `--require=${guestFile}`) execArgv.splice(i, 1);
  }
}

const exported = { takeOrders };
export type OrdersModule = typeof exported;
module.exports = exported;
