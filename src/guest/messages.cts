/**
 * `process.send` and `process.on('message')` for apps that say by them when they are ready, or wait for `shutdown`, as under
 * PM2. They go over the link, so that they work when another daemon has taken over, and they never keep the process alive.
 */
type Callback = (error: Error | null) => void;

interface WithChannel {
  send?: (message: unknown, ...rest: unknown[]) => boolean;
  disconnect?: () => void;
  connected?: boolean;
  channel?: object;
}

interface Messages {
  /** The app has said that it is ready. */
  readonly saidReady: boolean;
}

/**
 * When there was a real channel (channel.cts), Node still looks for early messages in what is in its place, under a symbol of its
 * own: there are none.
 */
const pendingMessages: ProxyHandler<object> = {
  get: (target, key) => (typeof key === 'symbol' ? [] : Reflect.get(target, key)),
};

/** `ready` is called once. */
function giveMessages(ready: () => void): Messages {
  let saidReady = false;
  const channel: WithChannel = process as WithChannel;

  channel.send = (message, ...rest) => {
    const callback = rest.find((argument) => typeof argument === 'function') as Callback | undefined;
    if (message === 'ready' && !saidReady) {
      saidReady = true;
      ready();
    }
    if (callback) process.nextTick(callback, null);
    return true;
  };
  channel.connected = true;
  channel.channel = new Proxy({ ref() {}, unref() {}, hasRef: () => false }, pendingMessages);
  channel.disconnect = () => {
    if (!channel.connected) return;
    channel.connected = false;
    process.nextTick(() => process.emit('disconnect'));
  };

  return {
    get saidReady() {
      return saidReady;
    },
  };
}

/** For the listeners of the app. */
function deliver(message: unknown): void {
  const emitter: NodeJS.EventEmitter = process;
  // Not inside the guest's work, whose errors are hidden: what the app throws is the app's.
  process.nextTick(() => emitter.emit('message', message, undefined));
}

const exported = { giveMessages, deliver };
export type MessagesModule = typeof exported;
export type { Messages };

module.exports = exported;
