import type { AddressInfo } from 'node:net';
import type { Command } from 'commander';
import type { EgressRule } from '../../config/plan.ts';
import { HoldfastError, isSystemError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

interface ProxyOptions {
  allow: string[];
  observe?: boolean;
  port?: string;
}

const examples = `
Examples:
  hold proxy --allow example.com:443                   one host, on a free port
  hold proxy --port 3128 --allow '*.example.com' --allow 10.0.0.0/8:5432
  HTTPS_PROXY=http://127.0.0.1:3128 curl https://example.com`;

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
    .addHelpText('after', examples)
    .action((options: ProxyOptions) => proxy(context(), options));
}

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}

async function proxy(context: Context, { allow, observe = false, port }: ProxyOptions): Promise<void> {
  const { out, err, json, signal } = context;
  const { standAlone } = await import('../../egress/stand-alone.ts');
  const { server, close } = standAlone({ rules: await rulesOf(allow), observe }, (line) => err.line(line));
  await listen(server, portOf(port));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (json) out.json({ url });
  else out.line(url);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  close();
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

function listen(
  server: {
    listen(port: number, host: string, done: () => void): unknown;
    once(event: 'error', heard: (error: Error) => void): unknown;
  },
  port: number,
): Promise<void> {
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
