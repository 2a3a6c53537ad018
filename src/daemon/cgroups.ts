/** The cgroup of each instance that has limits which only the kernel can keep: memory, processor, number of processes. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import type { AppPlan } from '../config/plan.ts';
import { isSystemError } from '../errors.ts';
import {
  cgroupMount,
  cgroupOf,
  childCgroups,
  controllersOf,
  enableControllers,
  killAll,
  makeCgroup,
  members,
  removeCgroup,
  set,
} from '../kit/cgroup.ts';
import type { Clock } from '../kit/clock.ts';

interface Limit {
  /** As the configuration calls it. */
  readonly setting: string;
  readonly controller: string;
  /** File and value; what is `optional` is not there on every machine. */
  readonly writes: readonly { readonly file: string; readonly value: string; readonly optional?: boolean }[];
}

export interface Confined {
  /** null: it runs where the daemon does. */
  readonly dir: string | null;
  /** What cannot be had, and why, for people. */
  readonly missing: readonly string[];
}

/** In a unit that systemd delegates, processes may only be in leaves: the daemon goes into this one. */
const DAEMON_LEAF = 'holdfast-daemon';
const PREFIX = 'app-';
const PERIOD_US = 100_000;
const REMOVE_POLL_MS = 50;
const REMOVE_WITHIN_MS = 10_000;

export interface CgroupsOptions {
  readonly home: string;
  readonly clock: Clock;
  /** Where the facts are; another directory in tests. */
  readonly proc?: string;
}

export class Cgroups {
  readonly #options: CgroupsOptions;
  #delegated = new Map<string, boolean>();
  /** Nothing is to run in them any more, and something did for longer than was waited: children that are spared. */
  readonly #left = new Set<string>();

  constructor(options: CgroupsOptions) {
    this.#options = options;
  }

  /** Makes the cgroup of an instance with its limits. `name`: `web.0.3` */
  open(plan: Pick<AppPlan, 'memory' | 'rights'>, name: string): Confined {
    for (const dir of this.#left) if (removeCgroup(dir)) this.#left.delete(dir);
    const limits = limitsOf(plan);
    if (limits.length === 0) return { dir: null, missing: [] };
    const missing: string[] = [];
    try {
      const base = this.#base(limits.map(({ controller }) => controller));
      const dir = join(base, `${PREFIX}${name}`);
      makeCgroup(dir);
      for (const limit of limits) {
        const why = apply(dir, limit, this.#mounts());
        if (why !== null) missing.push(`${limit.setting} is not kept: ${why}`);
      }
      return { dir, missing };
    } catch (error) {
      const why = this.#explain(error);
      return { dir: null, missing: limits.map(({ setting }) => `${setting} is not kept: ${why}`) };
    }
  }

  /** Removes it when the last process in it is gone, later than that when it takes long. `kill`: ends what is left, also what went into a session of its own. */
  close(dir: string, kill: boolean): void {
    const { clock } = this.#options;
    const end = clock.now() + REMOVE_WITHIN_MS;
    const attempt = () => {
      if (kill) ignoringErrors(() => killAll(dir));
      if (removeCgroup(dir)) return;
      if (clock.now() < end) clock.after(REMOVE_POLL_MS, attempt);
      else this.#left.add(dir);
    };
    attempt();
  }

  /** Removes those that an earlier daemon left, and at the end all: `keep` are those of living instances. */
  sweep(keep: ReadonlySet<string>): void {
    for (const base of this.#bases()) {
      for (const name of childCgroups(base)) {
        const dir = join(base, name);
        if (name.startsWith(PREFIX) && !keep.has(dir)) this.close(dir, false);
      }
      if (basename(base) === this.#ownName && childCgroups(base).length === 0) removeCgroup(base);
    }
  }

  get #ownName(): string {
    return `holdfast-${createHash('sha256').update(this.#options.home).digest('hex').slice(0, 8)}`;
  }

  /**
   * The cgroup in which those of the instances are made, ready for these controllers as far as there are such: the unit's own when
   * systemd has delegated it to us, otherwise one at the top, which only root can make.
   */
  #base(wanted: readonly string[]): string {
    const mount = cgroupMount(this.#mounts());
    if (mount === undefined) throw new Error('this machine has no cgroup v2');
    const unit = this.#ownUnit(mount);
    if (unit !== null) {
      const leaf = join(unit, DAEMON_LEAF);
      makeCgroup(leaf);
      for (const pid of members(unit)) ignoringErrors(() => set(leaf, 'cgroup.procs', String(pid)));
      enableControllers(unit, available(unit, wanted));
      return unit;
    }
    const base = join(mount, this.#ownName);
    enableControllers(mount, available(mount, wanted));
    makeCgroup(base);
    enableControllers(base, available(base, wanted));
    return base;
  }

  #bases(): string[] {
    const mount = cgroupMount(this.#mounts());
    if (mount === undefined) return [];
    const unit = this.#ownUnit(mount);
    return [join(mount, this.#ownName), ...(unit === null ? [] : [unit])];
  }

  /** Directory of the systemd service that we run in, when it was made for us to divide. */
  #ownUnit(mount: string): string | null {
    const own = cgroupOf(this.#read('self/cgroup'))?.replace(`/${DAEMON_LEAF}`, '');
    const unit = own && /\/([^/]+\.service)$/.exec(own)?.[1];
    if (!own || !unit) return null;
    const known = this.#delegated.get(own) ?? isDelegated(unit, own.includes('/user@'));
    this.#delegated.set(own, known);
    return known ? join(mount, own) : null;
  }

  #mounts(): string {
    return this.#read('self/mountinfo');
  }

  #read(name: string): string {
    try {
      return readFileSync(join(this.#options.proc ?? '/proc', name), 'utf8');
    } catch {
      return '';
    }
  }

  #explain(error: unknown): string {
    if (!isSystemError(error)) return error instanceof Error ? error.message : String(error);
    switch (error.code) {
      case 'EACCES':
      case 'EPERM':
        return `Holdfast runs as "${userInfo().username}", which may not make cgroups here; root may, and a systemd service with Delegate=yes (\`hold boot enable\`)`;
      case 'EROFS':
        return 'the cgroups of this machine may only be read, as is usual in a container';
      case 'EBUSY':
        return 'the cgroup of this container has processes in it and cannot be divided';
      default:
        return error.message;
    }
  }
}

function limitsOf({ memory, rights }: Pick<AppPlan, 'memory' | 'rights'>): Limit[] {
  const limits: Limit[] = [];
  if (memory.hardBytes !== null) {
    limits.push({
      setting: 'memory.hard',
      controller: 'memory',
      writes: [
        { file: 'memory.max', value: String(memory.hardBytes) },
        // Otherwise it would go on in the swap space, slowly.
        { file: 'memory.swap.max', value: '0', optional: true },
        // Half an instance is worse than none.
        { file: 'memory.oom.group', value: '1', optional: true },
      ],
    });
  }
  if (rights.cpu !== null) {
    const quota = Math.max(1000, Math.round(rights.cpu * PERIOD_US));
    limits.push({
      setting: 'cpu',
      controller: 'cpu',
      writes: [{ file: 'cpu.max', value: `${quota} ${PERIOD_US}` }],
    });
  }
  if (rights.pids !== null) {
    limits.push({
      setting: 'pids',
      controller: 'pids',
      writes: [{ file: 'pids.max', value: String(rights.pids) }],
    });
  }
  return limits;
}

/** @returns why it could not be set */
function apply(dir: string, { controller, writes }: Limit, mountinfo: string): string | null {
  if (!controllersOf(dir).includes(controller)) {
    const old = mountinfo.split('\n').some((line) => / - cgroup /.test(line) && hasOption(line, controller));
    const why = old
      ? 'it is in use by cgroup v1; the kernel option cgroup_no_v1=all gives it to v2'
      : 'it is not available';
    return `cgroup v2 has no "${controller}" here: ${why}`;
  }
  for (const { file, value, optional } of writes) {
    try {
      set(dir, file, value);
    } catch (error) {
      if (!optional) return error instanceof Error ? error.message : String(error);
    }
  }
  return null;
}

function hasOption(mountLine: string, option: string): boolean {
  return (mountLine.split(' ').at(-1) ?? '').split(',').includes(option);
}

function available(dir: string, wanted: readonly string[]): string[] {
  const all = controllersOf(dir);
  return wanted.filter((controller) => all.includes(controller));
}

function isDelegated(unit: string, user: boolean): boolean {
  try {
    const args = [...(user ? ['--user'] : []), 'show', '--property=Delegate', '--value', unit];
    return (
      execFileSync('systemctl', args, {
        encoding: 'utf8',
        timeout: 2000,
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim() === 'yes'
    );
  } catch {
    return false;
  }
}

function ignoringErrors(action: () => void): void {
  try {
    action();
  } catch {
    // It has ended meanwhile, or is gone.
  }
}
