import { spawn } from 'node:child_process';
import { hostname, userInfo } from 'node:os';
import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { Ticket } from '../../protocol/dashboard-settings.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

interface OpenOptions {
  readonly viewer?: boolean;
  readonly print?: boolean;
  readonly close?: boolean;
  readonly host?: string;
}

export function defineOpen(program: Command, context: ContextFactory): void {
  program
    .command('open')
    .summary('the dashboard, in a browser')
    .description(
      'Opens the dashboard in a browser, at an address of this machine only, by a link that is good once and for a minute. Over ssh it prints the link, and what to type on your own machine to reach it. With a target, that of one of its hosts, through ssh, until you press Ctrl-C.',
    )
    .argument('[target]', 'a name in `deploy` of the config file (default: this machine)')
    .option('--host <host>', 'this host of the target')
    .option('--viewer', 'a link with which nothing can be changed')
    .option('--print', 'print the link, and open no browser')
    .option('--close', 'end all sessions, and the dashboard itself unless the configuration wants it')
    .action(async (target: string | undefined, options: OpenOptions) => {
      if (target === undefined && options.host === undefined) return open(context(), options);
      if (target === undefined) throw withoutTarget();
      const { openThere } = await import('../hosts/open-there.ts');
      const here = context();
      await openThere(here, target, { ...options, show: (link) => show(here, link, options) });
    });
}

function withoutTarget(): HoldfastError {
  return new HoldfastError('USAGE', '`--host` is one of a target, and none is named', {
    hint: 'Such as: hold open production --host deploy@app2',
  });
}

async function open(context: Context, options: OpenOptions): Promise<void> {
  const { out, err, json, env } = context;
  if (options.close) {
    await (await context.look())?.closeDashboard();
    if (json) out.json({ closed: true });
    else err.line('the dashboard is closed, and everybody is logged out');
    return;
  }
  const client = await context.connect();
  const role = options.viewer ? 'viewer' : 'admin';
  const ticket = await client.dashboardTicket(role, { signal: context.signal });
  const link = `${ticket.url}#ticket=${ticket.ticket}`;
  if (json) return out.json({ url: link, role, expiresAt: ticket.expiresAt });
  if (env.SSH_CONNECTION !== undefined) for (const line of tunnelHint(ticket, env)) err.line(line);
  await show(context, link, options);
}

/** Prints the link, and opens a browser where a person has one. */
async function show({ out, err, env }: Context, link: string, { print }: OpenOptions): Promise<void> {
  out.line(link);
  err.line('good once, and for a minute; `hold open` makes another one');
  const browser = print || env.SSH_CONNECTION !== undefined ? null : browserOf(env, process.platform);
  if (browser) await start([...browser, link]);
}

/** What to type on the machine that one sits at. */
function tunnelHint({ port }: Ticket, env: NodeJS.ProcessEnv): readonly string[] {
  // Where we were reached, as ssh(1) tells: client address and port, own address and port.
  const [, , address, sshPort] = (env.SSH_CONNECTION ?? '').split(' ');
  const at = sshPort === undefined || sshPort === '22' ? '' : ` -p ${sshPort}`;
  const host = address ?? hostname();
  return [
    'on your own machine, type this, and then open the link there:',
    `  ssh -N -L ${port}:127.0.0.1:${port}${at} ${userInfo().username}@${host}`,
  ];
}

/** The program that opens a browser; null: there is none to be seen. */
export function browserOf(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): readonly string[] | null {
  if (env.BROWSER) return [env.BROWSER];
  if (platform === 'darwin') return ['open'];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : null;
}

/** Resolves when it runs, or cannot: the link is printed anyway. */
function start([program = '', ...args]: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true });
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
    child.once('error', () => resolve());
  });
}
