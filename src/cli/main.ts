/** The command `hold`: the only place that touches the process, and the only one that ends it. */
import { isSystemError } from '../errors.ts';
import { run } from './run.ts';

const interrupted = new AbortController();

function interrupt(signal: 'SIGINT' | 'SIGTERM'): void {
  const code = signal === 'SIGINT' ? 130 : 143;
  // A second one, or something that does not listen to the signal: out at once.
  if (interrupted.signal.aborted) process.exit(code);
  interrupted.abort();
  setTimeout(() => process.exit(code), 1000).unref();
}

process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

// `hold logs | head`: whoever read is gone, and so is the reason to go on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (isSystemError(error) && error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

const code = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  uid: process.getuid?.(),
  signal: interrupted.signal,
});

// A config file may leave timers and sockets behind; what was printed must get out first.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))),
);
process.exit(code);
