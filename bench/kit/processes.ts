import { readdirSync } from 'node:fs';
import { cpuMs, pssBytes, seen } from '../../test/support/processes.ts';

/** A process and all below it. */
export function withDescendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? seen(Number(name)) : undefined;
    if (found) children.set(found.parent, [...(children.get(found.parent) ?? []), found.pid]);
  }
  const all: number[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (seen(next)) all.push(next);
    queue.push(...(children.get(next) ?? []));
  }
  return all;
}

/** CPU time, user and system, of some processes so far, in milliseconds. */
export function totalCpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
}

/** Proportional memory of some processes, in megabytes. */
export function totalPssMb(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + pssBytes(pid), 0) / 1024 / 1024;
}
