/**
 * What runs inside the app's process, preloaded with `--require`, for CommonJS and ES modules alike. It answers
 * `listen()` with the socket that Holdfast holds, tells the daemon what listens and how the event loop does, makes
 * stdout and stderr blocking, and drains on request. It loads and wraps nothing of the app's, and never throws into
 * it.
 */
import type * as Path from 'node:path';
import type { FromChild, GuestOrders, ToChild } from '../protocol/link.ts' with {
  'resolution-mode': 'import',
};
import type { ChannelModule } from './channel.cts';
import type { DrainModule } from './drain.cts';
import type { ExitNoteModule } from './exit-note.cts';
import type { HealthModule } from './health.cts';
import type { LinkModule } from './link.cts';
import type { ListenModule } from './listen.cts';
import type { Messages, MessagesModule } from './messages.cts';
import type { AppServer, ListenHandle, SocketName } from './node-internals.cts';
import type { OrdersModule } from './orders.cts';
import type { OutgoingModule } from './outgoing.cts';
import type { ProbeSocket, ProbeSocketModule } from './probe-socket.cts';
import type { ProfileModule } from './profile.cts';
import type { QuietlyModule } from './quietly.cts';
import type { ReportsModule } from './reports.cts';
import type { Served, ServedModule, Via } from './served.cts';
import type { StdioModule } from './stdio.cts';
import type { WatcherModule } from './watcher.cts';

const { takeOrders }: OrdersModule = require('./orders.cjs');
const { quietly }: QuietlyModule = require('./quietly.cjs');

/** An instance of which there is nothing new to say says that it is there this often. */
const QUIET_MS = 20_000;

function start(orders: GuestOrders): void {
  const { blockOutput }: StdioModule = require('./stdio.cjs');
  const { takeChannel }: ChannelModule = require('./channel.cjs');
  const { createDrain }: DrainModule = require('./drain.cjs');
  const { watchHealth, isDebugged }: HealthModule = require('./health.cjs');
  const { openLink }: LinkModule = require('./link.cjs');
  const { answerListen }: ListenModule = require('./listen.cjs');
  const { deliver, giveMessages }: MessagesModule = require('./messages.cjs');
  const { noteExit }: ExitNoteModule = require('./exit-note.cjs');
  const { openProbeSocket }: ProbeSocketModule = require('./probe-socket.cjs');
  const { createRegistry, handleOf, placeOf }: ServedModule = require('./served.cjs');

  quietly(blockOutput);
  const channel = orders.offer ? takeChannel() : null;
  const registry = createRegistry();
  const { watchdogMs } = orders;
  const mayBeDebugged = watchdogMs === null ? () => false : isDebugged;
  // The watchdog takes silence for a blocked event loop.
  const quietMs = watchdogMs === null ? QUIET_MS : orders.healthEveryMs;
  const health = watchHealth(orders.healthEveryMs, quietMs, mayBeDebugged, (message) => link.tell(message));
  const drain = createDrain(registry, () => link.tell({ type: 'drained' }));

  let messages: Messages | null = null;
  let probe: ProbeSocket | null = null;

  function facts(): FromChild[] {
    const hello: FromChild = {
      type: 'hello',
      role: 'guest',
      instance: orders.instance,
      serial: orders.serial,
      pid: process.pid,
      node: process.version,
    };
    const all: FromChild[] = [hello];
    for (const served of registry.servers) all.push(...listeningFact(served));
    all.push(...probingFact());
    if (messages?.saidReady) all.push({ type: 'ready' });
    if (drain.done) all.push({ type: 'drained' });
    return all;
  }

  function receive(message: ToChild): void {
    if (message.type === 'drain')
      drain.start(Math.max(0, Number(message.timeoutMs) || 0), message.final === true);
    if (message.type === 'message') deliver(message.message);
    if (message.type === 'profile' || message.type === 'profileEnd') {
      const { profile, endProfile }: ProfileModule = require('./profile.cjs');
      if (message.type === 'profile') profile(message, link.tell);
      else endProfile(message.id);
    }
  }

  function probingFact(): FromChild[] {
    return probe?.open ? [{ type: 'probing', ...probe.open }] : [];
  }

  /** The address as bound is what the daemon is told: for a name that the app gave, what it stands for. */
  function settled(served: Served): void {
    const handle = handleOf(served);
    const { place } = served;
    if (!handle || !place) return;
    const host = hostOf(served.server.address(), handle);
    const report = (via: Via | 'offered'): void => {
      if (served.place !== place) return; // it listens elsewhere by now
      served.reported = { via, host };
      for (const fact of listeningFact(served)) link.tell(fact);
      probe?.look();
    };
    if (place.via === 'own' && channel) {
      const offer = { cmd: 'NODE_HOLDFAST_DOOR', host, port: place.port } as const;
      channel.offer(offer, handle, (sent) => quietly(() => report(sent ? 'offered' : 'own')));
    } else {
      report(place.via);
    }
  }

  function listeningFact(served: Served): FromChild[] {
    const { reported, tls } = served;
    const place = placeOf(served);
    if (!reported || !place) return [];
    return [{ type: 'listening', host: reported.host, port: place.port, via: reported.via, tls }];
  }

  const link = openLink({
    path: orders.link,
    facts,
    receive,
    connected: health.start,
    disconnected: health.stop,
  });
  answerListen(orders, registry, settled);
  if (orders.messages) messages = giveMessages(() => link.tell({ type: 'ready' }));
  if (orders.probe) {
    const tell = () => probingFact().forEach(link.tell);
    probe = openProbeSocket(orders.probe, orders.port, registry, tell);
  }
  quietly(() => armDiagnosis(orders));
  if (orders.exitNote !== null) noteExit(orders.exitNote);
}

/** What is written when it goes wrong. */
function armDiagnosis({ reports, instance, serial, watchdogMs }: GuestOrders): void {
  if (reports === null) return;
  const path: typeof Path = require('node:path');
  const { armReports }: ReportsModule = require('./reports.cjs');
  const name = `${instance}.${serial}`;
  armReports(reports, `${name}.report.json`);
  if (watchdogMs === null) return;
  const { isDebugged }: HealthModule = require('./health.cjs');
  const { watchLoop }: WatcherModule = require('./watcher.cjs');
  const files = { blocked: `${name}.blocked.json`, profile: `${name}.profile.json` };
  watchLoop(
    watchdogMs,
    { blocked: path.join(reports, files.blocked), profile: path.join(reports, files.profile) },
    isDebugged,
  );
}

/** null = all addresses. The handle is asked when the server that it was made for has lost it. */
function hostOf(address: ReturnType<AppServer['address']>, handle: ListenHandle): string | null {
  const name: SocketName = typeof address === 'object' && address ? address : {};
  if (name.address === undefined) handle.getsockname(name);
  return name.address === undefined || name.address === '::' ? null : name.address;
}

// Also in the app's worker threads, which have no orders.
quietly(() => {
  if (process.env.HOLDFAST_EGRESS === undefined) return;
  const { sendOutgoing }: OutgoingModule = require('./outgoing.cjs');
  sendOutgoing(process.env);
});
quietly(() => {
  const orders = takeOrders(process.env, process.execArgv, __filename);
  if (orders) start(orders);
});
