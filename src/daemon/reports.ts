/**
 * Node's diagnostic reports of instances that died. The guest has them written into one directory; of what belongs to a
 * crash the daemon keeps a copy without what may be secret, and removes the rest.
 */
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import type { HomePaths } from '../protocol/home.ts';
import { maskArguments } from './mask-arguments.ts';

/** What Node writes, as far as it is used here. */
export interface NodeReport {
  readonly header?: { readonly trigger?: string };
  readonly javascriptStack?: { readonly message?: string; readonly stack?: readonly string[] };
  readonly javascriptHeap?: { readonly heapSizeLimit?: number };
}

/** Where an event loop that was blocked stood, as the guest's watcher saw it. */
export interface BlockedAt {
  /** Such as `at hash (/app/work.js:12:7)`, innermost first. */
  readonly stack: readonly string[];
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

export function reportsDir(paths: HomePaths): string {
  return join(paths.home, 'reports');
}

/** What the guest of an instance writes; `name` is such as `web.0.3`. */
export function reportFiles(dir: string, name: string): ReportFiles {
  return { report: join(dir, `${name}.report.json`), blocked: join(dir, `${name}.blocked.json`) };
}

export function prepareReportsDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
}

/** Takes what an instance has left: reads it, keeps a clean copy of the report as `target`, removes the rest. */
export function takeReports(files: ReportFiles, target: string): Found {
  const report = readJson(files.report);
  const blocked = readBlocked(files.blocked);
  const kept = report === undefined ? null : keep(cleaned(report, sizeOf(files.report)), target);
  dropReports(files);
  return { report: (report as NodeReport | undefined) ?? null, blocked, kept };
}

export function dropReports(files: ReportFiles): void {
  for (const file of [files.report, files.blocked]) rmSync(file, { force: true });
}

export function readBlocked(file: string): BlockedAt | null {
  const found = readJson(file);
  const { stack } = (found ?? {}) as Partial<BlockedAt>;
  return Array.isArray(stack) ? { stack: stack.filter((line) => typeof line === 'string') } : null;
}

/** Without the environment, the addresses of this machine, and what looks secret in the command line. */
export function cleaned(report: Readonly<Record<string, unknown>>, bytes = 0): Record<string, unknown> {
  const { environmentVariables, header, ...rest } = report;
  const { networkInterfaces, commandLine, ...facts } = (header ?? {}) as Record<string, unknown>;
  const args = Array.isArray(commandLine) ? commandLine.map(String) : [];
  const clean = { header: { ...facts, commandLine: maskArguments(args) }, ...rest };
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
function readJson(file: string): Record<string, unknown> | undefined {
  try {
    if (sizeOf(file) > HUGE_BYTES) return undefined;
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
