/** The edge's process: doors and orders come from the daemon, and it serves on without it. */
import net from 'node:net';
import { HoldfastError } from '../errors.ts';
import { NdjsonClient } from '../kit/ndjson-client.ts';
import type { EdgeTable, EdgeTls } from '../protocol/edge-table.ts';
import {
  type DoorOrder,
  type FromChild,
  GUEST_ENV,
  type GuestOrders,
  type ToChild,
} from '../protocol/link.ts';
import { Edge } from './edge.ts';
import { Output } from './output.ts';
import { reportTo } from './wire.ts';

/** For SIGTERM, when nobody says how long the drain may take. */
const DRAIN_MS = 10_000;
const TRAFFIC_MS = 1_000;

const orders = readOrders();
const complaints = new Output(2);
const accessLog = new Output(1, (lines) => complain(`${lines} lines of the access log are missing here`));
const doors: net.Server[] = [];
const listening: DoorOrder[] = [];
const tlsDoors = new Set<DoorOrder>();
let edge: Edge | undefined;
let tls: EdgeTls | undefined;
/** As it was told. */
let rejections = '[]';
let version = 0;
let ending = false;

const link = new NdjsonClient<FromChild, ToChild>(orders.link, {
  onConnect: introduce,
  onMessage: obey,
  onError: complain,
});
reportTo(complain);
process.on('SIGTERM', () => void end(DRAIN_MS, true));
process.on('SIGINT', () => void end(DRAIN_MS, true));
const traffic = setInterval(tellTraffic, TRAFFIC_MS);
link.open();

function readOrders(): GuestOrders {
  const text = process.env[GUEST_ENV];
  delete process.env[GUEST_ENV];
  if (text === undefined) {
    throw new HoldfastError(
      'USAGE',
      `Cannot start the edge without ${GUEST_ENV}: the daemon starts it and sets that`,
    );
  }
  return JSON.parse(text) as GuestOrders;
}

function introduce(): void {
  const { instance, serial } = orders;
  link.send({ type: 'hello', role: 'edge', instance, serial, pid: process.pid, node: process.version });
  for (const door of listening) tellListening(door);
  if (edge) link.send({ type: 'applied', version });
  rejections = '[]';
  edge?.repeat();
}

function obey(message: ToChild): void {
  if (message.type === 'table') apply(message.table);
  else if (message.type === 'tls') applyTls(message.tls);
  else if (message.type === 'clearCache') clearCache(message.id, message.site);
  else if (message.type === 'drain') void end(message.timeoutMs, message.final === true);
}

function clearCache(id: number, site: string | null): void {
  const answers = site === null ? edge?.caches.clearAll() : edge?.caches.clear(site);
  link.send({ type: 'cacheCleared', id, answers: answers ?? 0 });
}

/** Before the first table it is only kept. */
function applyTls(next: EdgeTls): void {
  tls = next;
  edge?.applyTls(next);
}

function apply(table: EdgeTable): void {
  if (!isTable(table)) {
    const found = JSON.stringify(table).slice(0, 200);
    throw new HoldfastError(
      'BAD_REQUEST',
      `Cannot apply the table "${found}": sites, pools, limits and trust must be there`,
    );
  }
  if (edge) edge.apply(table);
  else {
    edge = new Edge(
      table,
      { retired: tellRetired, log: (line) => accessLog.add(line), failed: complain, notice: complain },
      tls,
    );
    for (const door of orders.doors) openDoor(door, edge);
  }
  version = table.version;
  link.send({ type: 'applied', version });
}

/** Of the daemon's own version it always is; but nothing that it sends may end the edge. */
function isTable(table: EdgeTable): boolean {
  const { sites, pools, limits, trust } = table ?? {};
  const whole = Array.isArray(sites) && Array.isArray(trust) && typeof pools === 'object' && pools !== null;
  return whole && typeof limits === 'object' && limits !== null;
}

/** Only now that there is a table: until then connections wait in the kernel. */
function openDoor(door: DoorOrder, edge: Edge): void {
  if (ending) return;
  // Settled now: with other addresses there are other processes.
  const isTls = tls?.listen.port === door.port && tls.listen.host === door.host;
  if (isTls) tlsDoors.add(door);
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    try {
      if (isTls) edge.acceptTls(socket);
      else edge.accept(socket);
    } catch (error) {
      socket.destroy();
      complain(error);
    }
  });
  server.on('error', complain);
  server.listen({ fd: door.fd }, () => {
    listening.push(door);
    tellListening(door);
  });
  doors.push(server);
}

function tellListening(door: DoorOrder): void {
  const { host, port } = door;
  link.send({ type: 'listening', host, port, via: 'door', tls: tlsDoors.has(door) });
}

function tellRetired(target: string): void {
  link.send({ type: 'retired', target });
}

function tellTraffic(): void {
  for (const report of edge?.counted() ?? []) link.send({ type: 'traffic', ...report });
  tellRejections();
}

function tellRejections(): void {
  const now = edge?.rejections ?? [];
  const text = JSON.stringify(now);
  if (text !== rejections) link.send({ type: 'rejections', rejections: now });
  rejections = text;
}

/** Stops accepting, finishes what is open, says so and ends. Who says it again can only make it shorter. */
async function end(timeoutMs: number, final: boolean): Promise<void> {
  if (ending) {
    await edge?.drain(timeoutMs, final);
    return;
  }
  ending = true;
  for (const server of doors) server.close();
  await edge?.drain(timeoutMs, final);
  clearInterval(traffic);
  tellTraffic();
  link.send({ type: 'drained' });
  await Promise.all([link.close(), accessLog.flushed(1_000), complaints.flushed(1_000)]);
  process.exit(0);
}

function complain(error: unknown): void {
  complaints.add(`edge: ${error instanceof Error ? error.stack : String(error)}\n`);
}
