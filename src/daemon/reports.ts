/**
 * Node's diagnostic reports of instances that died. The guest has them written into one directory; of what belongs to a
 * crash the daemon keeps a copy without what may be secret, and removes the rest.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import { readPlainFile } from '../kit/plain-file.ts';
import type { HomePaths } from '../protocol/home.ts';
import { maskArguments } from './mask-arguments.ts';

/** What Node writes, as far as it is used here. */
export interface NodeReport {
  readonly header?: { readonly trigger?: string };
  readonly javascriptHeap?: { readonly memoryLimit?: number };
}

/** Where an event loop that was blocked stood, as the guest's watcher saw it. */
export interface BlockedAt {
  /** Such as `at hash (/app/work.js:12:7)`, innermost first. */
  readonly stack: readonly string[];
  /** Node's report is complete, too, unless it could not be written. */
  readonly report: boolean;
}

export interface Found {
  readonly report: NodeReport | null;
  readonly blocked: BlockedAt | null;
  /** Absolute path of the copy that is kept. */
  readonly kept: string | null;
}

export interface ReportFiles {
  readonly report: string;
  readonly blocked: string;
}

/** With ten thousand connections a report has as many entries; of one that is larger than this they are left out. */
const LARGE_BYTES = 2 * 1024 * 1024;
/** Not ours, whatever it is. */
const HUGE_BYTES = 64 * 1024 * 1024;
/** Worker threads of worker threads. */
const DEEPEST = 10;

export function reportsDir(paths: HomePaths): string {
  return join(paths.home, 'reports');
}

/** What the guest of an instance writes; `name` is such as `web.0.3`. */
export function reportFiles(dir: string, name: string): ReportFiles {
  return { report: join(dir, `${name}.report.json`), blocked: join(dir, `${name}.blocked.json`) };
}

/** Takes what an instance has left: reads it, keeps a clean copy of the report as `target`, removes the rest. */
export function takeReports(files: ReportFiles, target: string): Found {
  const report = readJson(files.report);
  const blocked = readBlocked(files.blocked);
  const kept = report === undefined ? null : keep(cleaned(report.value, report.bytes), target);
  dropReports(files);
  return { report: report === undefined ? null : readReport(report.value), blocked, kept };
}

/** An app may have written it by itself, and then anything may be in it. */
function readReport({ header, javascriptHeap }: Record<string, unknown>): NodeReport {
  const { trigger } = objectOf(header);
  const { memoryLimit } = objectOf(javascriptHeap);
  return {
    header: { ...(typeof trigger === 'string' && { trigger }) },
    javascriptHeap: { ...(typeof memoryLimit === 'number' && { memoryLimit }) },
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function dropReports(files: ReportFiles): void {
  for (const file of [files.report, files.blocked]) {
    try {
      rmSync(file, { force: true });
    } catch {
      // A directory, which an instance of another user has put there.
    }
  }
}

/** Removes what guests have written, but for those of the instances `known`. Copies that are kept have other names. */
export function sweepReports(dir: string, known: ReadonlySet<string>): void {
  for (const file of readdirSync(dir)) {
    const name = /^(.+)\.(?:report|blocked)\.json(?:\.new)?$/.exec(file)?.[1];
    if (name !== undefined && !known.has(name)) rmSync(join(dir, file), { recursive: true, force: true });
  }
}

export function readBlocked(file: string): BlockedAt | null {
  const { stack, report } = (readJson(file)?.value ?? {}) as Partial<BlockedAt>;
  if (!Array.isArray(stack)) return null;
  return { stack: stack.filter((line) => typeof line === 'string'), report: report === true };
}

/** Without the environment, the addresses of this machine, and what looks secret in the command line; also those of its worker threads. */
export function cleaned(report: unknown, bytes = 0, depth = 0): Record<string, unknown> {
  const { environmentVariables, header, workers, ...rest } = objectOf(report);
  const { networkInterfaces, commandLine, ...facts } = objectOf(header);
  const args = Array.isArray(commandLine) ? commandLine.map(String) : [];
  const clean: Record<string, unknown> = { header: { ...facts, commandLine: maskArguments(args) }, ...rest };
  if (Array.isArray(workers) && depth < DEEPEST) {
    clean.workers = workers.map((worker) => cleaned(worker, bytes, depth + 1));
  }
  return bytes > LARGE_BYTES ? { ...clean, libuv: [] } : clean;
}

function keep(report: unknown, target: string): string | null {
  try {
    writeAtomicSync(target, `${JSON.stringify(report, null, 2)}\n`, { sync: false });
    return target;
  } catch {
    // A full disk. What it says was read already.
    return null;
  }
}

/** undefined when there is none, or it is not whole: the process died while it wrote. */
function readJson(
  file: string,
): { readonly value: Record<string, unknown>; readonly bytes: number } | undefined {
  try {
    const text = readPlainFile(file, HUGE_BYTES);
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    return { value: value as Record<string, unknown>, bytes: text.length };
  } catch {
    return undefined;
  }
}
