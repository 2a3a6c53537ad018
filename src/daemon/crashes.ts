/** Crash records: what one wants to know at 3 a.m. One small file each, the newest ones of every app kept. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import type { CrashRecord } from '../protocol/api.ts';

const KEEP_PER_APP = 20;

export class Crashes {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  add(crash: CrashRecord): void {
    const stamp = crash.time.replaceAll(/[:.]/g, '-');
    try {
      writeAtomicSync(
        join(this.#dir, `${crash.app}.${stamp}.${crash.pid ?? 0}.json`),
        JSON.stringify(crash),
        {
          sync: false,
        },
      );
      for (const file of this.#files(crash.app).slice(0, -KEEP_PER_APP)) {
        rmSync(join(this.#dir, file), { force: true });
      }
    } catch {
      // A full disk: the event in the journal says that it crashed, the log has its last lines if it could be written.
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
    for (const file of this.#files(app)) rmSync(join(this.#dir, file), { force: true });
  }

  #files(app?: string): string[] {
    const names = readdirSync(this.#dir).filter((name) => name.endsWith('.json'));
    return names.filter((name) => app === undefined || name.split('.')[0] === app).sort();
  }
}
