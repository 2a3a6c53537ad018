/**
 * The IPC channel to the daemon, hidden from the app: an app with `process.send` believes that it was forked, waits
 * for messages that never come, or ends when the channel does. It carries one thing, copies of listening sockets.
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

/** libuv's end of the channel. */
interface ChannelHandle {
  /** Called without a buffer when the other end is gone. */
  onread: (buffer?: ArrayBuffer) => void;
  close(): void;
}

const TRACES = [
  'send',
  '_send',
  'disconnect',
  '_disconnect',
  'channel',
  '_channel',
  'connected',
  '_handleQueue',
  '_pendingMessage',
];

/** Returns null when this process has no channel that can be hidden. From then on the app sees none. */
function takeChannel(): Channel | null {
  const send = (process as { _send?: Send })._send;
  const symbol = Object.getOwnPropertySymbols(process).find((one) => one.description === 'kChannelHandle');
  const handle: ChannelHandle | undefined = symbol && Reflect.get(process, symbol);
  if (!symbol || !handle || typeof send !== 'function') return null;
  let open = true;
  // Instead of Node's own, which emits 'message' and 'disconnect' on the app's `process`.
  handle.onread = (buffer) => {
    if (buffer) return;
    open = false;
    handle.onread = () => {};
    handle.close();
  };
  for (const trace of [...TRACES, symbol]) Reflect.deleteProperty(process, trace);
  stopCountingListeners();

  return {
    offer(offer, listening, done) {
      if (!open) {
        done(false);
        return;
      }
      // Node would queue further handles until the acknowledgement, which nobody reads here. That is for systems that
      // merge messages with handles; those that Node 20 supports do not.
      const sender = { connected: true, channel: true, _handleQueue: null, emit: () => false };
      send.call(sender, offer, listening, { swallowErrors: false }, (error) => done(!error));
    },
  };
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
