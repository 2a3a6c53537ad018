/**
 * The IPC channel to the daemon, hidden from the app: an app with `process.send` believes that it was forked, waits for
 * messages that never come, or ends when the channel does. It carries one thing, copies of listening sockets.
 */
import type { DoorOffer } from '../protocol/link.ts' with { 'resolution-mode': 'import' };
import type { ListenHandle } from './node-internals.cts';

interface Channel {
  /** Calls back with whether the copy was sent. */
  offer(offer: DoorOffer, handle: ListenHandle, done: (sent: boolean) => void): void;
}

type Send = (
  this: object,
  message: object,
  handle: ListenHandle,
  options: { swallowErrors: boolean },
  callback: (error: Error | null) => void,
) => boolean;

const TRACES = ['send', '_send', '_disconnect', 'connected', '_channel', '_handleQueue', '_pendingMessage'];

/** Returns null when this process has no channel. From then on the app sees none. */
function takeChannel(): Channel | null {
  const send = (process as { _send?: Send })._send;
  if (typeof process.send !== 'function' || typeof send !== 'function') return null;
  let open = true;
  for (const name of TRACES) Reflect.deleteProperty(process, name);
  hide('channel', undefined);
  // Node calls this when the daemon is gone, instead of emitting 'disconnect' on the app's `process`.
  hide('disconnect', () => {
    open = false;
  });
  stopCountingListeners();

  return {
    offer(offer, handle, done) {
      if (!open) return done(false);
      // Node would queue further handles until the acknowledgement, which reaches nobody now. It is for systems that
      // merge messages with handles; those that Node 20 supports do not.
      const sender = { connected: true, channel: true, _handleQueue: null, emit: () => false };
      send.call(sender, offer, handle, { swallowErrors: false }, (error) => done(!error));
    },
  };
}

function hide(name: string, value: unknown): void {
  Object.defineProperty(process, name, { value, writable: true, configurable: true, enumerable: false });
}

/** With these two of Node's listeners, an app that listens to 'message' or 'disconnect' would never end. */
function stopCountingListeners(): void {
  const emitter: NodeJS.EventEmitter = process;
  const nodes = { newListener: 'onNewListener', removeListener: 'onRemoveListener' };
  for (const [event, name] of Object.entries(nodes)) {
    for (const listener of emitter.rawListeners(event)) {
      if (listener.name === name) emitter.removeListener(event, listener as () => void);
    }
  }
}

const exported = { takeChannel };
export type ChannelModule = typeof exported;
export type { Channel };

module.exports = exported;
