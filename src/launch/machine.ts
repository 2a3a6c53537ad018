/**
 * What this machine and this process allow, as far as starting other processes needs to know it. Everything is read when it
 * is asked for, because users are added and limits changed while a daemon runs.
 */
import { accessSync, constants, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { type Closed, firstClosed, type Needs } from './access.ts';
import { type Account, findAccount, findGroup } from './accounts.ts';

/** From capabilities(7), by their numbers. */
const CAPABILITIES = { setgid: 6, setuid: 7, nice: 23, resource: 24 } as const;
export type Capability = keyof typeof CAPABILITIES;

export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Who this process is. */
  readonly uid: number;
  readonly gid: number;
  /** Of the Node that apps run on, such as `20.19.0`. */
  readonly nodeVersion: string;
  readonly nodePath: string;
  may(capability: Capability): boolean;
  /** By name or number; a number that no user has is an account without a name. */
  account(user: string): Account | undefined;
  group(group: string): number | undefined;
  /** Absolute path of a system program; undefined when it is not installed. */
  program(name: string): string | undefined;
  /** nice(1) of this process. */
  niceness(): number;
  /** proc(5) oom_score_adj of this process. */
  oomScore(): number;
  /** The hard limit of this process; undefined when it is not known here. */
  hardLimit(name: string): number | 'unlimited' | undefined;
  /** See access.ts. */
  firstClosed(become: readonly string[], needs: Needs): Closed | undefined;
}

const SYSTEM_PATH = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin'];

export function thisMachine(): Machine {
  const uid = process.geteuid?.() ?? -1;
  return {
    platform: process.platform,
    uid,
    gid: process.getegid?.() ?? -1,
    nodeVersion: process.versions.node,
    nodePath: process.execPath,
    may: (capability) => has(capability, uid),
    account: findAccount,
    group: findGroup,
    program: findSystemProgram,
    niceness: () => getPriority(),
    oomScore: () => Number(read('/proc/self/oom_score_adj')) || 0,
    hardLimit: (name) => parseHardLimit(read('/proc/self/limits') ?? '', name),
    firstClosed,
  };
}

/** Root in a container may have lost some of its rights, so the user id alone does not tell. */
function has(capability: Capability, uid: number): boolean {
  const mask = /^CapEff:\s+([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '')?.[1];
  if (mask === undefined) return uid === 0;
  return ((BigInt(`0x${mask}`) >> BigInt(CAPABILITIES[capability])) & 1n) === 1n;
}

/** From the system's own directories only: what they do is done as root. */
function findSystemProgram(name: string): string | undefined {
  return SYSTEM_PATH.map((dir) => join(dir, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The lines of /proc/<pid>/limits, by the names of prlimit(1). */
const LIMIT_LINES: Readonly<Record<string, string>> = {
  as: 'Max address space',
  core: 'Max core file size',
  cpu: 'Max cpu time',
  data: 'Max data size',
  fsize: 'Max file size',
  locks: 'Max file locks',
  memlock: 'Max locked memory',
  msgqueue: 'Max msgqueue size',
  nofile: 'Max open files',
  nproc: 'Max processes',
  rss: 'Max resident set',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
  sigpending: 'Max pending signals',
  stack: 'Max stack size',
};

export const limitNames: readonly string[] = Object.keys(LIMIT_LINES);

export function parseHardLimit(text: string, name: string): number | 'unlimited' | undefined {
  const title = LIMIT_LINES[name];
  const line = title && text.split('\n').find((one) => one.startsWith(`${title} `));
  const hard = line?.slice(title?.length).trim().split(/\s+/)[1];
  if (hard === undefined) return undefined;
  return hard === 'unlimited' ? 'unlimited' : Number(hard);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
