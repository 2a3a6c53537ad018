/** Looks at the machine for `hold doctor`. It starts nothing and changes nothing. */
import { readdirSync, readFileSync, type Stats, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readBootRecord } from '../../client/ask-init.ts';
import type { Client } from '../../client/client.ts';
import { connectNow } from '../../client/connect.ts';
import type { AlertFacts } from '../../doctor/machine/alerts.ts';
import type { AppFacts, DaemonFacts, HomeFacts, MachineFacts } from '../../doctor/machine/facts.ts';
import { HoldfastError } from '../../errors.ts';
import { systemClock } from '../../kit/clock.ts';
import { isAlive, type ProcessId } from '../../kit/proc.ts';
import { homePaths } from '../../protocol/home.ts';
import type { Context } from '../context.ts';
import { readVersion } from '../version.ts';
import { certificatesOf, configFacts, portsOf } from './config-facts.ts';

export async function collectFacts(
  context: Context,
  file: string | undefined,
): Promise<MachineFacts & { readonly alerts: readonly AlertFacts[] }> {
  const { home } = context;
  const { client, problem } = await look(home);
  try {
    const daemon = await daemonFacts(client, problem, home);
    const views = client ? await client.apps() : [];
    const { facts: config, plan } = await configFacts(context, client, file);
    return {
      now: systemClock.now(),
      node: process.version,
      version: readVersion(),
      isRoot: process.getuid?.() === 0,
      home: homeFacts(home),
      daemon,
      apps: views.map(
        ({ name, kind, status, notes, instances }): AppFacts => ({
          name,
          status,
          restarts: Math.max(0, ...instances.map(({ restarts }) => restarts)),
          // Those of the edge are about certificates, which are looked at themselves.
          notes: kind === 'edge' ? [] : (notes ?? []),
          reason: instances.find(({ reason }) => reason !== null)?.reason ?? null,
        }),
      ),
      disk: diskFacts(home),
      memory: memoryFacts(),
      descriptors: descriptors(daemon.state === 'runs' ? String(daemon.pid) : 'self'),
      firstFreePort: Number(read('/proc/sys/net/ipv4/ip_unprivileged_port_start') ?? 1024),
      boot: readBootRecord(home)?.init ?? null,
      logBytes: bytesBelow(homePaths(home).logs),
      config,
      certificates: certificatesOf(home, plan),
      ports: plan ? await portsOf(plan, views) : [],
      alerts: client ? await alertsOf(client) : [],
    };
  } finally {
    client?.close();
  }
}

/** A daemon of an older version may have none to tell. */
async function alertsOf(client: Client): Promise<readonly AlertFacts[]> {
  try {
    const { problems = [] } = await client.health();
    return problems;
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return [];
  }
}

async function look(home: string): Promise<{ client: Client | null; problem: string | null }> {
  try {
    return { client: await connectNow(home), problem: null };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { client: null, problem: `${error.message}. ${error.hint}` };
  }
}

async function daemonFacts(
  client: Client | null,
  problem: string | null,
  home: string,
): Promise<DaemonFacts> {
  if (problem !== null) return { state: 'ill', problem };
  if (!client) return { state: 'none', wishes: wishes(home) };
  const { version, node, pid } = await client.daemon();
  return { state: 'runs', version, node, pid, holder: holderLives(home) };
}

function wishes(home: string): number {
  try {
    const state = JSON.parse(read(join(homePaths(home).state, 'desired.json')) ?? '{}') as { apps?: object };
    return Object.keys(state.apps ?? {}).length;
  } catch {
    return 0;
  }
}

function holderLives(home: string): boolean {
  try {
    return isAlive(JSON.parse(read(homePaths(home).holderPid) ?? 'null') as ProcessId);
  } catch {
    return false;
  }
}

function homeFacts(path: string): HomeFacts {
  const paths = homePaths(path);
  const own = stat(path);
  const uid = process.getuid?.();
  const times = ['desired.json', 'instances.json'].map((name) => stat(join(paths.state, name))?.mtimeMs ?? 0);
  return {
    path,
    exists: own !== undefined,
    isOurs: own === undefined || uid === undefined || uid === 0 || own.uid === uid,
    mode: own ? own.mode & 0o777 : null,
    socketMode: stat(paths.control) ? (stat(paths.control)?.mode ?? 0) & 0o777 : null,
    newestMs: Math.max(...times) || null,
  };
}

/** Of the nearest directory that exists. */
function diskFacts(path: string): MachineFacts['disk'] {
  try {
    const { bavail, blocks, bsize, ffree, files } = statfsSync(stat(path) ? path : '/');
    return {
      freeBytes: bavail * bsize,
      totalBytes: blocks * bsize,
      // Some file systems do not count inodes.
      freeInodeShare: files === 0 ? 1 : ffree / files,
    };
  } catch {
    return null;
  }
}

function memoryFacts(): MachineFacts['memory'] {
  const text = read('/proc/meminfo') ?? '';
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
  const [availableBytes, totalBytes] = [of('MemAvailable'), of('MemTotal')];
  return Number.isNaN(availableBytes) || Number.isNaN(totalBytes) ? null : { availableBytes, totalBytes };
}

function descriptors(pid: string): number | null {
  const soft = /^Max open files\s+(\S+)/m.exec(read(`/proc/${pid}/limits`) ?? '')?.[1];
  if (soft === 'unlimited') return Number.MAX_SAFE_INTEGER;
  return soft === undefined ? null : Number(soft);
}

function bytesBelow(dir: string): number {
  try {
    const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
    return names.reduce((sum, name) => {
      const found = stat(join(dir, name));
      return found?.isFile() ? sum + found.size : sum;
    }, 0);
  } catch {
    return 0;
  }
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
