import { spawn } from 'node:child_process';
import { hostname, userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Ticket } from '../../protocol/dashboard-settings.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

interface OpenOptions {
  readonly viewer?: boolean;
  readonly print?: boolean;
  readonly close?: boolean;
}

export function defineOpen(program: Command, context: ContextFactory): void {
  program
    .command('open')
    .summary('the dashboard, in a browser')
    .description(
      'Opens the dashboard in a browser, at an address of this machine only, by a link that is good once and for a minute. Over ssh it prints the link, and what to type on your own machine to reach it.',
    )
    .option('--viewer', 'a link with which nothing can be changed')
    .option('--print', 'print the link, and open no browser')
    .option('--close', 'end all sessions, and the dashboard itself unless the configuration wants it')
    .action((options: OpenOptions) => open(context(), options));
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
  const far = env.SSH_CONNECTION !== undefined;
  if (far) for (const line of tunnelHint(ticket, env)) err.line(line);
  out.line(link);
  err.line(
    `good once, until ${new Date(ticket.expiresAt).toLocaleTimeString()}; \`hold open\` makes another one`,
  );
  const browser = options.print || far ? null : browserOf(env, process.platform);
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
