/** The egress proxy's process: its socket and its policy come from the daemon, and it serves on without it. */
import { HoldfastError } from '../errors.ts';
import { systemClock } from '../kit/clock.ts';
import { NdjsonClient } from '../kit/ndjson-client.ts';
import type { EgressCount } from '../protocol/egress.ts';
import { type FromChild, GUEST_ENV, type GuestOrders, type ToChild } from '../protocol/link.ts';
import { Counts } from './counts.ts';
import { dialDefaults } from './dial.ts';
import { Clients } from './policy.ts';
import { ForwardProxy, proxyLimits } from './proxy.ts';
import { UnixSockets } from './unix-sockets.ts';

/** For the bytes of what is open; what begins, ends or is denied is told sooner. */
const TELL_MS = 1000;
const TELL_SOON_MS = 100;
/** For SIGTERM, when nobody says how long the drain may take. */
const DRAIN_MS = 10_000;
/** So that a message stays far below what the daemon takes. */
const COUNTS_PER_MESSAGE = 500;

const orders = readOrders();
const clients = new Clients();
const counts = new Counts(systemClock, (denial) => link.send({ type: 'egressDenied', denial }), tellSoon);
const proxy = new ForwardProxy({
  identify: (authorization) => clients.identify(authorization),
  counts,
  dial: dialDefaults,
  limits: proxyLimits,
});
const sockets = new UnixSockets((socket) => proxy.accept(socket), complain);
/** When what is open is cut, once the end has begun. */
let endsAt = Number.POSITIVE_INFINITY;
let opened = false;
let soon: NodeJS.Timeout | null = null;

const link = new NdjsonClient<FromChild, ToChild>(orders.link, {
  onConnect: introduce,
  onMessage: obey,
  onError: complain,
});
const telling = setInterval(tellChanges, TELL_MS);
process.on('SIGTERM', () => void end(DRAIN_MS));
process.on('SIGINT', () => void end(DRAIN_MS));
link.open();

function readOrders(): GuestOrders {
  const text = process.env[GUEST_ENV];
  delete process.env[GUEST_ENV];
  if (text === undefined) {
    throw new HoldfastError(
      'USAGE',
      `Cannot start the egress proxy without ${GUEST_ENV}: the daemon starts it and sets that`,
      { hint: 'To run a proxy by hand, use `hold proxy`' },
    );
  }
  return JSON.parse(text) as GuestOrders;
}

function introduce(): void {
  const { instance, serial } = orders;
  link.send({ type: 'hello', role: 'egress', instance, serial, pid: process.pid, node: process.version });
  if (opened) tellListening();
  tell(counts.all);
}

function obey(message: ToChild): void {
  if (message.type === 'drain') void end(message.timeoutMs);
  if (message.type !== 'egress') return;
  clients.apply(message.policy);
  if (isEnding()) return;
  void sockets.apply(message.policy.sockets ?? []).then(openDoors);
}

/** Only now that it is known who may do what: until then connections wait in the kernel. */
function openDoors(): void {
  const [door] = orders.doors;
  if (opened || isEnding() || !door) return;
  opened = true;
  proxy.server.on('error', complain);
  proxy.server.listen({ fd: door.fd }, tellListening);
}

function tellListening(): void {
  for (const { host, port } of orders.doors)
    link.send({ type: 'listening', host, port, via: 'door', tls: false });
}

function tellSoon(): void {
  soon ??= setTimeout(tellChanges, TELL_SOON_MS);
}

function tellChanges(): void {
  if (soon) clearTimeout(soon);
  soon = null;
  if (link.isOpen) tell(counts.takeChanged());
}

function tell(rows: readonly EgressCount[]): void {
  for (let i = 0; i < rows.length; i += COUNTS_PER_MESSAGE) {
    link.send({ type: 'egressCounts', counts: rows.slice(i, i + COUNTS_PER_MESSAGE) });
  }
}

/** Accepts nothing more, gives what is open its time, says so and ends. Who says it again can only make it shorter. */
async function end(timeoutMs: number): Promise<void> {
  const isFirst = !isEnding();
  endsAt = Math.min(endsAt, systemClock.now() + timeoutMs);
  if (!isFirst) return;
  proxy.close(false);
  sockets.close();
  while (proxy.open > 0 && systemClock.now() < endsAt)
    await new Promise((resolve) => setTimeout(resolve, 50));
  proxy.close(true);
  clearInterval(telling);
  tellChanges();
  link.send({ type: 'drained' });
  await link.close();
  process.exit(0);
}

function isEnding(): boolean {
  return Number.isFinite(endsAt);
}

function complain(error: unknown): void {
  process.stderr.write(`egress: ${error instanceof Error ? error.message : String(error)}\n`);
}
