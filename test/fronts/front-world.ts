/** A front that is exported from a configuration and runs for real, before apps that nobody supervises. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { connect } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { loadPlan } from '../../src/config/load.ts';
import { mainFile } from '../../src/exporters/apache/target.ts';
import type { Loss } from '../../src/exporters/exported.ts';
import { placesOf } from '../../src/exporters/places.ts';
import { targets } from '../../src/exporters/targets.ts';
import { cleanup, type Test } from '../support/cleanup.ts';
import { freePort } from '../support/ports.ts';
import { requireProgram } from '../support/programs.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** How a front is run beside the machine's own, with nothing but what was exported. */
export interface FrontProgram {
  readonly program: string;
  /** The main file, which includes those of the export in `dir`. */
  main(dir: string, files: readonly string[]): string;
  args(dir: string, main: string): readonly string[];
  env?(dir: string): NodeJS.ProcessEnv;
  readonly end?: NodeJS.Signals;
  /** Its children are ended with it, because it would wait for what they do. */
  readonly isGroup?: boolean;
}

const programs: Readonly<Record<string, FrontProgram>> = {
  nginx: {
    program: 'nginx',
    main: (dir, files) => `daemon off; pid ${dir}/nginx.pid; worker_processes 1; error_log stderr;
      events {}
      http {
        client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
        ${files.map((file) => `include ${file};`).join(' ')}
      }`,
    args: (dir, main) => ['-e', 'stderr', '-p', dir, '-c', main],
  },
  apache: {
    program: 'apache2',
    main: (dir, files) =>
      `${mainFile(
        files.map((path) => ({ path: relative(dir, path), text: readFileSync(path, 'utf8'), mode: 0o644 })),
        dir,
      )}\nUser www-data\nGroup www-data\n`,
    args: (_, main) => ['-D', 'FOREGROUND', '-f', main],
    end: 'SIGKILL',
    isGroup: true,
  },
  caddy: {
    program: 'caddy',
    main: () => '',
    args: (dir) => ['run', '--adapter', 'caddyfile', '--config', `${dir}/caddy/holdfast.caddy`],
    env: (dir) => ({ CADDY_ADMIN: `unix/${dir}/admin.sock`, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir }),
    // Otherwise it waits for connections.
    end: 'SIGQUIT',
  },
  haproxy: {
    program: 'haproxy',
    main: () => '',
    args: (dir) => ['-db', '-f', `${dir}/haproxy`],
  },
};

/** The fronts that tests run, by the name of their target. */
export const frontNames: readonly string[] = Object.keys(programs);

export interface Front {
  readonly port: number;
  readonly losses: readonly Loss[];
  readonly pid: number;
  get(path: string, headers?: http.OutgoingHttpHeaders): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** Of the app `everything.js`. */
  readonly seen: { readonly port: number; readonly url: string; readonly headers: Record<string, string> };
}

/** As the configuration says it: an app has one port for each instance, from `port` on. */
export interface FrontApp {
  readonly run: string;
  readonly instances: number;
  readonly port: number;
}

/** Starts the instances as somebody else than Holdfast would, who gives them a port and no more. */
export async function startApp(t: Test, script: string, instances: number): Promise<FrontApp> {
  const port = await freeRange(instances);
  const ports = Array.from({ length: instances }, (_, slot) => port + slot);
  const env = { CHAT_BUS: tempDir(t) };
  for (const one of ports) run(t, process.execPath, [script], { ...env, PORT: String(one) });
  await Promise.all(ports.map(listening));
  return { run: script, instances, port };
}

/** Undefined when the program is not on this machine; the test is skipped then. */
export async function startFront(
  t: Test,
  name: string,
  { apps, sites }: { readonly apps: Readonly<Record<string, FrontApp>>; readonly sites: object },
): Promise<Front | undefined> {
  const front = programs[name] as FrontProgram;
  const program = requireProgram(t, front.program);
  if (!program) return undefined;
  const dir = tempDir(t);
  const port = await freePort();
  const listen = { http: `127.0.0.1:${port}`, https: `127.0.0.1:${await freePort()}` };
  writeFileSync(join(dir, 'holdfast.config.json'), JSON.stringify({ apps, sites, listen }));
  const plan = await loadPlan({ cwd: dir, env: process.env });
  const target = targets[name];
  if (!target) throw new Error(`There is no target "${name}"`);
  const { files, losses } = target.export(plan, {
    node: process.execPath,
    user: null,
    name: 'holdfast',
    places: placesOf(plan),
    isSecret: () => true,
  });
  const paths = files.map(({ path, text, mode }) => {
    const full = join(dir, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text, { mode });
    return full;
  });
  const main = join(dir, 'main.conf');
  writeFileSync(main, front.main(dir, paths));
  const { pid = 0 } = run(t, program, front.args(dir, main), front.env?.(dir), front);
  await listening(port);
  return { port, losses, pid, get: (path, headers) => ask(port, path, { host: 'example.test', ...headers }) };
}

/** The first of several free ports in a row. */
async function freeRange(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    const free = await Promise.all(Array.from({ length: count - 1 }, (_, n) => isFree(first + 1 + n)));
    if (free.every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const [event] = await Promise.race([
    once(socket, 'connect').then(() => ['connect']),
    once(socket, 'error').then(() => ['error']),
  ]).catch(() => ['error']);
  socket.destroy();
  return event === 'error';
}

async function listening(port: number): Promise<void> {
  await until(async () => !(await isFree(port)), { why: `something listens on port ${port}` });
}

function run(
  t: Test,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  { end = 'SIGTERM', isGroup = false }: Pick<FrontProgram, 'end' | 'isGroup'> = {},
): ChildProcess {
  const child = spawn(command, args, {
    env: { ...process.env, HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: isGroup,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  let over = false;
  child.once('exit', (code) => {
    if (!over) console.error(`${command} ended with ${code}: ${said.slice(-2000)}`);
  });
  cleanup(t, async () => {
    over = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (isGroup && child.pid) process.kill(-child.pid, end);
    else child.kill(end);
    await once(child, 'exit');
  });
  return child;
}

export async function ask(
  port: number,
  path: string,
  headers: http.OutgoingHttpHeaders,
  options: http.RequestOptions & { readonly body?: Buffer } = {},
): Promise<Answer> {
  const request = http.request({ host: '127.0.0.1', port, path, headers, agent: false, ...options });
  request.end(options.body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const part of response.setEncoding('utf8')) body += part;
  const { statusCode: status = 0 } = response;
  const isJson = response.headers['content-type'] === 'application/json';
  return { status, headers: response.headers, body, seen: isJson ? JSON.parse(body) : undefined };
}
