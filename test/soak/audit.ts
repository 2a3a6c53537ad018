/** After a soak: is everything that should be there, and nothing else? Looks at the machine, not at what Holdfast says of it. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceRecord } from '../../src/supervisor/supervisor.ts';
import { logged } from '../support/log-file.ts';
import { processesWith } from '../support/processes.ts';
import type { TestHome } from '../support/test-home.ts';
import type { Wish } from './deeds.ts';
import { writtenLines } from './programs.ts';

export interface LinesFound {
  readonly lines: number;
  readonly runs: number;
  /** What is missing or there twice, one entry for each run. */
  readonly problems: readonly string[];
}

/** What of the wish is not so. */
export async function differences(home: TestHome, wishes: ReadonlyMap<string, Wish>): Promise<string[]> {
  const apps = new Map((await home.apps()).map((app) => [app.name, app]));
  return [...wishes].flatMap(([name, { instances, stopped }]) => {
    const ready = apps.get(name)?.instances.filter(({ status }) => status === 'ready').length ?? 0;
    const all = apps.get(name)?.instances.length ?? 0;
    const wanted = stopped ? 0 : instances;
    if (ready === wanted && all === wanted) return [];
    return [`${name}: ${wanted} wanted, ${ready} ready, ${all} there`];
  });
}

/** Processes of this home that belong to no instance that Holdfast knows of. */
export async function orphans(home: TestHome): Promise<string[]> {
  const known = new Set((await home.apps()).flatMap(({ instances }) => instances.map(({ pid }) => pid ?? 0)));
  const own = [home.paths.daemonPid, home.paths.holderPid].map(
    (file) => JSON.parse(readFileSync(file, 'utf8')).pid,
  );
  const sessions = new Set([...known, ...own, ...own.map((pid) => sessionOf(pid))]);
  return processesWith(`HOLDFAST_HOME=${home.paths.home}\0`)
    .filter(({ pid }) => !sessions.has(pid) && !sessions.has(sessionOf(pid)))
    .map(({ pid, command }) => `pid ${pid}: ${command}`);
}

/** Pipes on disk, and open in the daemon and the holder, that belong to no running instance. */
export function leaks(home: TestHome): string[] {
  const { instances } = JSON.parse(readFileSync(join(home.paths.state, 'instances.json'), 'utf8')) as {
    instances: InstanceRecord[];
  };
  const pipes = new Set(
    instances.flatMap(({ process }) => (process ? [process.lease.out, process.lease.err] : [])),
  );
  const onDisk = readdirSync(home.paths.run)
    .filter((name) => /\.(out|err)$/.test(name))
    .map((name) => join(home.paths.run, name))
    .filter((path) => !pipes.has(path))
    .map((path) => `a pipe of nobody: ${path}`);
  return [
    ...onDisk,
    ...openLeaks('daemon', home.paths.daemonPid, pipes),
    ...openLeaks('holder', home.paths.holderPid, pipes),
  ];
}

function openLeaks(who: string, pidFile: string, pipes: ReadonlySet<string>): string[] {
  const targets = openFiles(JSON.parse(readFileSync(pidFile, 'utf8')).pid);
  const foreign = targets.filter((path) => /\.(out|err)( \(deleted\))?$/.test(path) && !pipes.has(path));
  const perPipe = [...pipes].map((pipe) => [pipe, targets.filter((path) => path === pipe).length] as const);
  return [
    ...foreign.map((path) => `the ${who} has ${path} open`),
    ...perPipe
      .filter(([, count]) => count !== 1)
      .map(([pipe, count]) => `the ${who} has ${pipe} open ${count} times`),
  ];
}

/** What the descriptors of a process lead to. */
export function openFiles(pid: number): string[] {
  const dir = `/proc/${pid}/fd`;
  return readdirSync(dir).flatMap((fd) => {
    try {
      return [readlinkSync(join(dir, fd))];
    } catch {
      return [];
    }
  });
}

/** Every line that was written is in the log, once and in order. */
export function checkLines(home: TestHome, apps: readonly string[], notes: string): LinesFound {
  const written = writtenLines(notes);
  const found = new Map<string, number[]>();
  let lines = 0;
  for (const app of apps) {
    for (const { text } of logged(home, app)) {
      const [run, n] = text.split(' ');
      const key = `${app}.${run}`;
      const numbers = found.get(key) ?? [];
      numbers.push(Number(n));
      found.set(key, numbers);
      lines += 1;
    }
  }
  const problems = [...new Set([...written.keys(), ...found.keys()])].flatMap((key) => {
    const numbers = found.get(key) ?? [];
    const wrong = numbers.findIndex((n, index) => n !== index + 1);
    if (wrong >= 0) return [`${key}: after ${numbers[wrong - 1] ?? 0} comes ${numbers[wrong]}`];
    const missing = (written.get(key) ?? 0) - numbers.length;
    return missing > 0 ? [`${key}: the last ${missing} of ${written.get(key)} lines are missing`] : [];
  });
  return { lines, runs: found.size, problems };
}

/** Resident memory in bytes; 0 when it is gone. */
export function memoryOf(pid: number): number {
  const file = `/proc/${pid}/status`;
  const kilobytes = existsSync(file)
    ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1]
    : undefined;
  return Number(kilobytes ?? 0) * 1024;
}

function sessionOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  } catch {
    return 0;
  }
}
