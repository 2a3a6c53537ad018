/**
 * A port or a socket here that leads to one on a host, through the system's ssh: nothing has to be open there but ssh, and only this user
 * gets in here (a port is open to every user of this machine, as with `ssh -L`; a socket is not).
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HoldfastError } from '../../errors.ts';
import { remoteCommand } from './remote-words.ts';
import { type SshProcess, sshFailed, startSsh } from './ssh.ts';

/** On the host: an absolute path of a unix socket, or a port of its loopback. */
export type ForwardTo = { readonly socket: string } | { readonly port: number };

export interface ForwardOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Of 127.0.0.1 here; 0 = any free one; without it there is only the socket. */
  readonly port?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

export interface Forward {
  /** A unix socket here, 0600, in a directory of its own. */
  readonly socket: string;
  /** Of 127.0.0.1 here; null when none was asked for. */
  readonly port: number | null;
  /** When the connection to the host is gone, whoever ended it: null when that was `close`. Never rejects. */
  readonly ended: Promise<HoldfastError | null>;
  close(): Promise<void>;
}

const READY = 'holdfast-forwards';

/**
 * Resolves when connections can be made. That nothing listens on the host is told to each of them: it is closed.
 *
 * @throws HoldfastError HOST_FAILED when the host is not reached, or does not let ssh forward
 */
export async function openForward(host: string, to: ForwardTo, options: ForwardOptions): Promise<Forward> {
  const { env, port, signal } = options;
  // Paths of sockets are short (sun_path), so not below a home.
  const dir = mkdtempSync(join(tmpdir(), 'hold-'));
  const socket = join(dir, 's');
  const ssh = startSsh(forwardWords(host, socket, to), { env });
  const isOurs = { closing: false };
  const remove = () => rmSync(dir, { recursive: true, force: true });
  const end = async () => {
    isOurs.closing = true;
    ssh.stdin.end();
    ssh.kill();
    await ssh.ended;
    remove();
  };
  const abort = () => void end();
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    await ready(ssh, host);
    if (!existsSync(socket))
      throw new HoldfastError('HOST_FAILED', `${host}: ssh does not forward to it`, {
        hint: 'Does `AllowStreamLocalForwarding` or `AllowTcpForwarding` forbid it in its sshd_config?',
      });
    const server = port === undefined ? null : await listen(port, socket);
    const ended = ssh.ended.then((how) => {
      signal?.removeEventListener('abort', abort);
      server?.stop();
      remove();
      return isOurs.closing ? null : sshFailed(host, 'sh', how);
    });
    const close = async () => {
      server?.stop();
      await end();
    };
    return { socket, port: server?.port ?? null, ended, close };
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * The command on the host says when the forwarding is there, which ssh sets up before it runs one; and ends with its input, so with us,
 * however we end.
 */
export function forwardWords(host: string, socket: string, to: ForwardTo): string[] {
  const target = 'socket' in to ? to.socket : `127.0.0.1:${to.port}`;
  const settings = [
    'BatchMode=yes',
    'ConnectTimeout=15',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
    'RemoteCommand=none',
    // Not through a connection that is shared: the forwarding would stay with it.
    'ControlMaster=no',
    'ControlPath=none',
    // Those of ~/.ssh/config may be taken by another connection.
    'ExitOnForwardFailure=no',
  ];
  const command = remoteCommand(['sh', '-c', `echo ${READY}; exec cat >/dev/null`]);
  return [
    'ssh',
    '-T',
    ...settings.flatMap((setting) => ['-o', setting]),
    '-L',
    `${socket}:${target}`,
    '--',
    host,
    command,
  ];
}

async function ready({ stdout, ended }: SshProcess, host: string): Promise<void> {
  for await (const line of createInterface({ input: stdout })) if (line === READY) return;
  throw sshFailed(host, 'sh', await ended);
}

/** ssh cannot take any free port, and say which: so each connection to ours goes on to its socket. */
async function listen(wanted: number, socket: string): Promise<{ port: number; stop(): void }> {
  const open = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (here) => {
    const there = connect({ path: socket, allowHalfOpen: true });
    for (const [one, other] of [
      [here, there],
      [there, here],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      // What it has said still has to arrive.
      one.on('close', () => {
        open.delete(one);
        other.end();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new HoldfastError('USAGE', `Cannot listen on port ${wanted} here: ${cause.message}`, { cause })),
    );
    server.listen(wanted, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : wanted,
    stop() {
      server.close();
      for (const one of open) one.destroy();
    },
  };
}
