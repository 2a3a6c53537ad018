/** Puts together the record of a crash: what is left of the instance, and what that tells. */
import type { CrashRecord, OutputLine } from '../protocol/api.ts';
import type { HomePaths } from '../protocol/home.ts';
import type { Instance, InstanceFact } from '../supervisor/instance.ts';
import type { ProcessRecord } from '../supervisor/process.ts';
import type { InstanceRecord } from '../supervisor/supervisor.ts';
import type { Crashes } from './crashes.ts';
import { diagnose } from './diagnosis.ts';
import { KernelKills } from './kernel-kills.ts';
import type { Outputs } from './outputs.ts';
import { portOwner } from './port-owner.ts';
import { dropReports, reportFiles, reportsDir, sweepReports, takeReports } from './reports.ts';
import { dropVitalSockets } from './vital-orders.ts';
import { nameOf, reportsDirOf, runDirOf } from './vitals.ts';

export interface CrashReportsOptions {
  readonly paths: HomePaths;
  readonly crashes: Crashes;
  readonly outputs: Pick<Outputs, 'lastLines' | 'lastWords'>;
  /** ISO 8601, when this daemon began. */
  readonly startedAt: string;
  /** What the instance still lacked to be ready. */
  notReady(key: string): string | null;
  /** The kernel ended it because it reached its memory limit. */
  wasOutOfMemory(record: ProcessRecord): boolean;
}

type Crash = Extract<InstanceFact, { type: 'crashed' }>;

export class CrashReports {
  readonly #options: CrashReportsOptions;
  readonly #kernelKills = new KernelKills();

  constructor(options: CrashReportsOptions) {
    this.#options = options;
  }

  /** What earlier daemons could not clear away. `known`: all that runs, and all that died without a daemon to see it. */
  sweep(known: readonly InstanceRecord[]): void {
    const names = known.map(({ app, snapshot }) => `${app}.${snapshot.slot}.${snapshot.serial}`);
    sweepReports(reportsDir(this.#options.paths), new Set(names));
  }

  /** It ended because it was told to: what its guest left is nobody's business. */
  ended(key: string, record: ProcessRecord | null): void {
    const { paths } = this.#options;
    dropReports(reportFiles(reportsDirOf(paths, record), nameOf(key)));
    this.#options.notReady(key);
    if (record) this.#options.wasOutOfMemory(record);
    dropVitalSockets(runDirOf(paths, record), nameOf(key));
  }

  /** To be called when its output has been read. */
  async crashed(key: string, instance: Instance, crash: Crash, record: ProcessRecord | null): Promise<void> {
    const { crashes } = this.#options;
    const { exit, reason: cause } = crash;
    const { plan } = instance;
    const time = new Date().toISOString();
    const pid = record?.pid ?? null;
    const files = reportFiles(reportsDirOf(this.#options.paths, record), nameOf(key));
    const { report, blocked, kept } = takeReports(files, crashes.reportFile({ app: plan.name, time, pid }));
    const lastOutput = await this.#lastOutput(key, instance, record);
    const found = diagnose({
      plan,
      exit,
      cause,
      output: lastOutput,
      report,
      blocked,
      notReady: this.#options.notReady(key),
      reachedLimit: record !== null && this.#options.wasOutOfMemory(record),
      kernelKill: () => (pid === null ? null : this.#kernelKills.of(pid)),
      portOwner,
    });
    crashes.add({
      time,
      app: plan.name,
      instance: instance.id,
      pid,
      cause,
      code: exit.code,
      signal: exit.signal,
      uptimeMs: crash.uptimeMs,
      lastOutput,
      ...found,
      report: kept,
      release: plan.release,
    } satisfies CrashRecord);
    dropVitalSockets(runDirOf(this.#options.paths, record), nameOf(key));
  }

  /** What an earlier daemon has read of it is only in the log. */
  async #lastOutput(
    key: string,
    { id, plan }: Instance,
    record: ProcessRecord | null,
  ): Promise<readonly OutputLine[]> {
    const { outputs, startedAt } = this.#options;
    const ours = record === null || record.spawnedAt >= Date.parse(startedAt);
    if (ours) return outputs.lastLines(key);
    return outputs.lastWords(key, plan.name, id, record.spawnedAt).catch(() => outputs.lastLines(key));
  }
}
