/** Holdfast as built, through its own command. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppView } from '../../src/protocol/api.ts';
import { type HomePaths, homePaths } from '../../src/protocol/home.ts';
import { holdOk } from '../../test/support/hold.ts';
import { freePort } from '../../test/support/ports.ts';
import { root } from '../../test/support/root.ts';
import type { Scratch } from '../kit/scratch.ts';
import type { Contender } from '../kit/stacks.ts';
import { listening, program, startApps } from './apps.ts';

export interface Holdfast {
  readonly paths: HomePaths;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** `hold up` with this configuration. */
  up(config: object): Promise<void>;
  apps(): Promise<AppView[]>;
  daemonPid(): number;
  /** Undefined when this home has none. */
  holderPid(): number | undefined;
}

export function holdfastVersion(): string | undefined {
  const parts = ['cli/main.js', 'daemon/main.js', 'edge/main.js', 'guest/guest.cjs'];
  if (!parts.every((part) => existsSync(join(root, 'dist', part)))) return undefined;
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}

/** A home of its own; everything in it ends with `scratch`. */
export function holdfastHome(scratch: Scratch): Holdfast {
  const paths = homePaths(scratch.fresh('holdfast'));
  const pidIn = (file: string): number => JSON.parse(readFileSync(file, 'utf8')).pid;
  const holdfast: Holdfast = {
    paths,
    run: async (args, env) =>
      (await holdOk(paths.home, args, { cwd: scratch.dir, ...(env && { env }) })).stdout,
    async up(config) {
      const file = `${scratch.fresh('config')}.json`;
      writeFileSync(file, JSON.stringify(config));
      await holdfast.run(['up', '-f', file]);
    },
    apps: async () => JSON.parse(await holdfast.run(['ls', '--json'])),
    daemonPid: () => pidIn(paths.daemonPid),
    holderPid: () => (existsSync(paths.holderPid) ? pidIn(paths.holderPid) : undefined),
  };
  scratch.defer(() => holdfast.run(['down']));
  return holdfast;
}

/** Pids of the ready instances of apps of one kind. */
export function pidsOf(apps: readonly AppView[], kind: AppView['kind']): number[] {
  return apps
    .filter((app) => app.kind === kind)
    .flatMap(({ instances }) => instances.flatMap(({ pid }) => pid ?? []));
}

/** The edge in front of two instances, which it reaches over unix sockets. */
export function holdfastEdge(script = program('app.js'), instances = 2): Contender {
  return {
    name: 'Holdfast edge',
    version: holdfastVersion,
    async start(scratch) {
      const port = await freePort();
      const holdfast = holdfastHome(scratch);
      await holdfast.up({
        apps: { app: { run: script, instances } },
        sites: { '*': { routes: { '/': 'app' } } },
        ...edgeOn(port),
      });
      await listening(port);
      return stackOf(holdfast, port);
    },
  };
}

/** The edge in front of two apps that something else started, over TCP, as the others have it. */
export function holdfastEdgeOverTcp(script = program('app.js')): Contender {
  return {
    name: 'Holdfast edge, TCP upstreams',
    version: holdfastVersion,
    async start(scratch) {
      const apps = await startApps(scratch, 1, script);
      const port = await freePort();
      const holdfast = holdfastHome(scratch);
      await holdfast.up({
        sites: { '*': { routes: { '/': `http://127.0.0.1:${apps.ports[0]}` } } },
        ...edgeOn(port),
      });
      await listening(port);
      return { ...(await stackOf(holdfast, port)), appPids: () => [...apps.pids] };
    },
  };
}

/** No proxy: two instances that inherit the listening socket. */
export function holdfastHeldPort(script = program('app.js'), instances = 2): Contender {
  return {
    name: `Holdfast held port, ${instances} instance${instances === 1 ? '' : 's'}`,
    version: holdfastVersion,
    async start(scratch) {
      const port = await freePort();
      const holdfast = holdfastHome(scratch);
      const args = ['start', script, '-n', 'app', '-i', String(instances), '-p', String(port)];
      await holdfast.run(args, { HOST: '127.0.0.1' });
      await listening(port);
      return stackOf(holdfast, port);
    },
  };
}

/** All clients of a benchmark come from one address. */
export function edgeOn(port: number): object {
  return { listen: { http: `127.0.0.1:${port}` }, edge: { limits: { connectionsPerIp: 100_000 } } };
}

async function stackOf(holdfast: Holdfast, port: number) {
  const apps = await holdfast.apps();
  const holder = holdfast.holderPid();
  const front = [holdfast.daemonPid(), ...pidsOf(apps, 'edge'), ...(holder ? [holder] : [])];
  return {
    url: `http://127.0.0.1:${port}/`,
    frontPids: () => front,
    appPids: () => pidsOf(apps, 'app'),
  };
}
