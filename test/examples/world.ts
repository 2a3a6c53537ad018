/**
 * The examples as they are in `examples/`, all at once: one home, one daemon, one edge. Each is reached as `http://<example>.test`, by
 * a client who, as a load balancer would say, is at 203.0.113.7 and speaks https.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { Agent, get, type IncomingHttpHeaders } from 'node:http';
import { basename, dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { AppConfig, SiteConfig } from '../../src/config/config-types.ts';
import { planOf, readConfig } from '../../src/config/load.ts';
import type { Test } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { plainEnv } from '../support/hold.ts';
import { freePort } from '../support/ports.ts';
import { root } from '../support/root.ts';
import { type TestHome, testHome } from '../support/test-home.ts';

/** Every example but the chat, which `npm start` runs and test/browser shows. */
export const examples = readdirSync(join(root, 'examples')).filter((name) => name !== 'chat');

export const client = { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'https' };

/** Finds every name on this machine, as the DNS of an example's owner would. */
export const agent = new Agent({
  lookup: (_name, { all }, found) =>
    all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4),
});

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface World {
  readonly home: TestHome;
  /** The apps of an example, by its name. */
  readonly apps: ReadonlyMap<string, readonly string[]>;
  /** `http://<example>.test:<port>` */
  url(example: string): string;
  ask(example: string, path: string): Promise<Answer>;
}

export interface StartOptions {
  /** More apps for an example, each with a site `<app>.test`. */
  readonly more?: Readonly<Record<string, Readonly<Record<string, AppConfig>>>>;
  /** Where examples are installed and built already. */
  readonly built?: Readonly<Record<string, string>>;
}

/** Copies the examples, so that nothing is written into the repository, and starts them with their own configurations. */
export async function startExamples(
  t: Test,
  names: readonly string[],
  { more = {}, built = {} }: StartOptions = {},
): Promise<World> {
  const home = testHome(t);
  // What `npm ci` would install, they find here.
  symlinkSync(join(root, 'node_modules'), join(home.dir, 'node_modules'));
  const all: Part[] = [];
  const apps = new Map<string, string[]>();
  for (const name of names) {
    const dir = built[name] ?? (await compiled(copied(name, home.dir)));
    const own = await configurationOf(name, dir);
    const others = Object.entries(more[name] ?? {});
    apps.set(name, Object.keys(own.apps));
    all.push(own, {
      apps: Object.fromEntries(others.map(([app, settings]) => [app, { cwd: dir, ...settings }])),
      sites: Object.fromEntries(others.map(([app]) => [`${app}.test`, { routes: { '/': app } }])),
    });
  }
  const port = await freePort();
  configure(home, {
    apps: merged(all.map(({ apps }) => apps)),
    sites: merged(all.map(({ sites }) => sites)),
    edge: { trust: ['127.0.0.1'] },
    listen: { http: `127.0.0.1:${port}` },
  });
  await home.ok(['up'], { timeout: 120_000 });
  const url = (example: string) => `http://${example}.test:${port}`;
  return { home, apps, url, ask: (example, path) => ask(`${url(example)}${path}`) };
}

export function ask(url: string): Promise<Answer> {
  return new Promise((answered, failed) => {
    get(url, { agent, headers: client }, (response) => {
      const { statusCode: status, headers } = response;
      text(response).then((body) => answered({ status, headers, body }), failed);
    }).on('error', failed);
  });
}

function copied(name: string, to: string): string {
  const dir = join(to, 'examples', name);
  const unwanted = ['node_modules', 'dist'];
  cpSync(join(root, 'examples', name), dir, {
    recursive: true,
    filter: (path) => !unwanted.includes(basename(path)),
  });
  for (const [path, { link, resolved }] of Object.entries(lockfileOf(dir).packages)) {
    if (!link || resolved === undefined) continue;
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    symlinkSync(join(dir, resolved), join(dir, path));
  }
  return dir;
}

export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface LockedPackage {
  readonly link?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export function lockfileOf(dir: string): Lockfile {
  return JSON.parse(readFileSync(join(dir, 'package-lock.json'), 'utf8'));
}

/** What their script `build` does. */
async function compiled(dir: string): Promise<string> {
  if (existsSync(join(dir, 'tsconfig.json'))) {
    await promisify(execFile)(join(root, 'node_modules', '.bin', 'tsc'), ['-p', dir]);
  }
  return dir;
}

interface Part {
  readonly apps: Readonly<Record<string, AppConfig>>;
  readonly sites: Readonly<Record<string, SiteConfig>>;
}

/** A machine that is busy with other tests is no reason to fail. */
const patience = { readyTimeout: '2m', stop: { timeout: '1m' } };

/** As the example says it, but with whole paths, and with its own name instead of every host. */
async function configurationOf(name: string, dir: string): Promise<Part> {
  const read = await readConfig({ cwd: dir, env: plainEnv() });
  planOf(read, { env: plainEnv() }); // It is right as it stands, with all that is changed here.
  const { apps, sites } = read.content.value as Part;
  const site = sites['*'];
  assert.ok(site, `the example ${name} serves every host`);
  const routes = Object.entries(site.routes ?? {}).map(([prefix, to]) => [
    prefix,
    typeof to === 'object' && 'files' in to ? { ...to, files: resolve(dir, String(to.files)) } : to,
  ]);
  return {
    apps: Object.fromEntries(
      Object.entries(apps).map(([app, settings]) => [app, { cwd: dir, ...patience, ...settings }]),
    ),
    sites: { [`${name}.test`]: { ...site, routes: Object.fromEntries(routes) } },
  };
}

function merged<T>(parts: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  return Object.assign({}, ...parts);
}
