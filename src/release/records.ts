/**
 * What is known of each release of a project, a file each: `<records>/<id>/record.json`. Written by whoever makes the release, and
 * from its promotion on by the daemon; never by two at once.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import type { ReleaseRecord } from '../protocol/release.ts';

export class RecordFiles {
  readonly #dir: string;

  /** @param dir of the project's records, see ReleasePaths */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Where the output of its steps, its packages and its SBOM are, beside its record. */
  dirOf(id: string): string {
    return join(this.#dir, id);
  }

  /** Newest first. What cannot be read is left out: the rest is worth more than an error. */
  list(): ReleaseRecord[] {
    return this.ids().flatMap((id) => this.read(id) ?? []);
  }

  /** Newest first: they begin with the time. */
  ids(): string[] {
    try {
      return readdirSync(this.#dir).sort().reverse();
    } catch {
      return [];
    }
  }

  read(id: string): ReleaseRecord | null {
    try {
      const record = JSON.parse(readFileSync(join(this.#dir, id, 'record.json'), 'utf8')) as ReleaseRecord;
      return record.id === id ? record : null;
    } catch {
      return null;
    }
  }

  write(record: ReleaseRecord): void {
    mkdirSync(this.dirOf(record.id), { recursive: true, mode: 0o700 });
    writeAtomicSync(join(this.dirOf(record.id), 'record.json'), `${JSON.stringify(record, null, 2)}\n`);
  }

  /** Does nothing when there is no such record. */
  update(id: string, change: (old: ReleaseRecord) => ReleaseRecord): void {
    const old = this.read(id);
    if (old) this.write(change(old));
  }
}
