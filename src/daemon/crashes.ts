/** Crash records: what one wants to know at 3 a.m. One small file each, the newest ones of every app kept. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import type { CrashRecord } from '../protocol/api.ts';

const KEEP_PER_APP = 20;

type Named = Pick<CrashRecord, 'app' | 'time' | 'pid'>;

export class Crashes {
  readonly #dir: string;
  readonly #reports: string;

  /** @param reports where Node's reports of the crashes are kept; they go with their records */
  constructor(dir: string, reports: string) {
    this.#dir = dir;
    this.#reports = reports;
    for (const path of [dir, reports]) mkdirSync(path, { recursive: true, mode: 0o700 });
  }

  /** Where the report of a crash is to be kept. */
  reportFile(crash: Named): string {
    return join(this.#reports, fileOf(crash));
  }

  add(crash: CrashRecord): void {
    try {
      writeAtomicSync(join(this.#dir, fileOf(crash)), JSON.stringify(crash), { sync: false });
      for (const file of this.#files(crash.app).slice(0, -KEEP_PER_APP)) this.#remove(file);
    } catch {
      // A full disk: the event in the journal says that it crashed, the log has its last lines if it could be written.
      rmSync(this.reportFile(crash), { force: true });
    }
  }

  /** Oldest first. */
  list(app?: string): CrashRecord[] {
    const records = this.#files(app).flatMap((file): CrashRecord[] => {
      try {
        return [JSON.parse(readFileSync(join(this.#dir, file), 'utf8')) as CrashRecord];
      } catch {
        return [];
      }
    });
    return records.sort((a, b) => (a.time < b.time ? -1 : 1));
  }

  forget(app: string): void {
    for (const file of this.#files(app)) this.#remove(file);
  }

  #remove(file: string): void {
    for (const dir of [this.#dir, this.#reports]) rmSync(join(dir, file), { force: true });
  }

  #files(app?: string): string[] {
    const names = readdirSync(this.#dir).filter((name) => name.endsWith('.json'));
    return names.filter((name) => app === undefined || name.split('.')[0] === app).sort();
  }
}

function fileOf({ app, time, pid }: Named): string {
  return `${app}.${time.replaceAll(/[:.]/g, '-')}.${pid ?? 0}.json`;
}
