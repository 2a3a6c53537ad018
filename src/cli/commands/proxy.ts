import type { AddressInfo, Server } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import type { Command } from 'commander';
import type { EgressRule } from '../../config/plan.ts';
import { HoldfastError, isSystemError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

interface ProxyOptions {
  allow: string[];
  observe?: boolean;
  port?: string;
  socket?: string;
}

export function defineProxy(program: Command, context: ContextFactory): void {
  program
    .command('proxy')
    .summary('run a forward proxy with an allow list, by itself')
    .description(
      'Runs an HTTP proxy on this machine, in the terminal, that connects to what is listed and to nothing else. It asks for no password. Addresses that are not public must be named as an address or a network, also when a name leads there.',
    )
    .option('--allow <host:port>', 'what may be connected to; may be given again', collect, [])
    .option('--observe', 'allow everything, and say what is connected to')
    .option('-p, --port <port>', 'where to listen (default: a free one)')
    .option('--socket <path>', 'listen on this unix socket instead of a port; only this user may connect')
    .action((options: ProxyOptions) => proxy(context(), options));
}

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}

async function proxy(context: Context, options: ProxyOptions): Promise<void> {
  const { out, err, json, signal } = context;
  const { allow, observe = false, port, socket } = options;
  if (port !== undefined && socket !== undefined)
    throw new HoldfastError(
      'USAGE',
      'Cannot start the proxy with --port and --socket: it listens on one of them',
    );
  const { standAlone } = await import('../../egress/stand-alone.ts');
  const { server, close } = standAlone({ rules: await rulesOf(allow), observe }, (line) => err.line(line));
  const place =
    socket === undefined ? await listenOnPort(server, portOf(port)) : await listenOnSocket(server, socket);
  if (json) out.json(place.facts);
  else out.line(place.text);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  place.leave();
  close();
}

interface Place {
  readonly text: string;
  readonly facts: Readonly<Record<string, string>>;
  leave(): void;
}

async function listenOnPort(server: Server, port: number): Promise<Place> {
  await listen(server, port);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { text: url, facts: { url }, leave: () => undefined };
}

async function listenOnSocket(server: Server, named: string): Promise<Place> {
  const { isAnswered, UnixSocket } = await import('../../egress/unix-sockets.ts');
  const path = resolvePath(named);
  if (await isAnswered(path))
    throw new HoldfastError('PORT_TAKEN', `Cannot start the proxy on socket "${path}": it is already used`, {
      hint: 'Choose another path, or end what is using it',
    });
  const socket = new UnixSocket(server, path);
  await socket.listen();
  return { text: `unix:${path}`, facts: { socket: path }, leave: () => socket.close() };
}

async function rulesOf(texts: readonly string[]): Promise<EgressRule[]> {
  const { parseEgressRule } = await import('../../config/egress-schema.ts');
  return texts.map((text) => {
    const rule = parseEgressRule(text);
    if ('kind' in rule) return rule;
    throw new HoldfastError('USAGE', `Cannot start the proxy: --allow ${rule.text}`);
  });
}

function portOf(text: string | undefined): number {
  const port = Number(text ?? 0);
  if (text === undefined || (/^\d+$/.test(text) && port >= 1 && port <= 65_535)) return port;
  throw new HoldfastError(
    'USAGE',
    `Cannot start the proxy on port "${text}": it must be a number from 1 to 65535`,
  );
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const taken = isSystemError(error) && error.code === 'EADDRINUSE';
      const why = taken ? 'it is already used' : error.message;
      reject(
        new HoldfastError(
          taken ? 'PORT_TAKEN' : 'PORT_DENIED',
          `Cannot start the proxy on port "${port}": ${why}`,
          {
            cause: error,
          },
        ),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}
