/**
 * The connection to the daemon: NDJSON over its link socket. The daemon may go and come back at any time; the guest
 * tries again for ever and repeats on every connect what is still true. It never keeps the process alive.
 */
import type * as Net from 'node:net';
import type { FromChild, ToChild } from '../protocol/link.ts' with { 'resolution-mode': 'import' };
import type { QuietlyModule } from './quietly.cts';

const net: typeof Net = require('node:net');
const { quiet, quietly }: QuietlyModule = require('./quietly.cjs');

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 1000;
/** A daemon that does not read must not fill the app's memory: beyond this, messages are dropped. */
const MAX_UNSENT_BYTES = 256 * 1024;
const MAX_LINE_CHARS = 1024 * 1024;

interface LinkOptions {
  readonly path: string;
  /** What to say on every connect, hello first. */
  readonly facts: () => readonly FromChild[];
  readonly receive: (message: ToChild) => void;
  readonly connected: () => void;
  readonly disconnected: () => void;
}

interface Link {
  /** Dropped while the daemon is away. */
  tell(message: FromChild): void;
}

function openLink(options: LinkOptions): Link {
  let live: Net.Socket | null = null;
  let retryMs = RETRY_MIN_MS;

  function connect(): void {
    const socket = net.connect(options.path);
    socket.unref();
    socket.setEncoding('utf8');
    socket.on('error', () => {}); // 'close' follows
    socket.on(
      'connect',
      quiet(() => {
        live = socket;
        retryMs = RETRY_MIN_MS;
        for (const fact of options.facts()) tell(fact);
        options.connected();
      }),
    );
    socket.on(
      'data',
      lines((line) => receiveLine(line, options.receive)),
    );
    socket.on('end', () => socket.destroy());
    socket.on(
      'close',
      quiet(() => {
        if (live === socket) {
          live = null;
          options.disconnected();
        }
        setTimeout(quiet(connect), retryMs).unref();
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }),
    );
  }

  function tell(message: FromChild): void {
    if (live === null || live.writableLength > MAX_UNSENT_BYTES) return;
    live.write(`${JSON.stringify(message)}\n`);
  }

  connect();
  return { tell };
}

function lines(each: (line: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_LINE_CHARS) rest = '';
    for (const line of parts) each(line);
  };
}

function receiveLine(line: string, receive: (message: ToChild) => void): void {
  quietly(() => {
    const message: ToChild | null = JSON.parse(line);
    if (message !== null && typeof message === 'object') receive(message);
  });
}

const exported = { openLink };
export type LinkModule = typeof exported;
export type { Link };

module.exports = exported;
