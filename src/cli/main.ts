/** The command `hold`: the only place that touches the process, and the only one that ends it. */
import { isSystemError } from '../errors.ts';
import { run } from './run.ts';

const interrupted = new AbortController();
let taken: ((signal: 'SIGINT' | 'SIGTERM') => void) | undefined;

function interrupt(signal: 'SIGINT' | 'SIGTERM'): void {
  if (taken) {
    taken(signal);
    return;
  }
  const code = signal === 'SIGINT' ? 130 : 143;
  // A second one, or something that does not listen to the signal: out at once.
  if (interrupted.signal.aborted) process.exit(code);
  interrupted.abort();
  setTimeout(() => process.exit(code), 1000).unref();
}

process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

/** Node opens a standard stream when it is first asked for, which takes a millisecond or two each. */
const used = new Set<NodeJS.WriteStream>();

/** `hold logs | head`: whoever read is gone, and so is the reason to go on. */
function quietWhenUnread(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (used.has(stream)) return stream;
  used.add(stream);
  return stream.on('error', (error) => {
    if (isSystemError(error) && error.code === 'EPIPE') {
      // Somebody else sees to it.
      if (stream.listenerCount('error') > 1) return;
      process.exit(0);
    }
    throw error;
  });
}

const code = await run(process.argv.slice(2), {
  get stdin() {
    return process.stdin;
  },
  get stdout() {
    return quietWhenUnread(process.stdout);
  },
  get stderr() {
    return quietWhenUnread(process.stderr);
  },
  env: process.env,
  cwd: process.cwd(),
  uid: process.getuid?.(),
  signal: interrupted.signal,
  takeSignals(handler) {
    taken = handler;
  },
});

// A config file may leave timers and sockets behind; what was printed must get out first.
await Promise.all([...used].map((stream) => new Promise((done) => stream.write('', done))));
process.exit(code);
