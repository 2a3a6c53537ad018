/**
 * What is known of each release of a project, a file each: `<records>/<id>/record.json`. Written by whoever makes the release, and
 * from its promotion on by the daemon; never by two at once.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../config/plan.ts';
import { projectDefaults, releaseDefaults } from '../config/release-defaults.ts';
import { HoldfastError, isSystemError } from '../errors.ts';
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

  /** The plan that a release was sealed with, which is what it serves by, also when it comes back later. */
  writePlan(id: string, plan: Plan): void {
    mkdirSync(this.dirOf(id), { recursive: true, mode: 0o700 });
    writeAtomicSync(this.#planFile(id), JSON.stringify(plan));
  }

  /**
   * Null when there is none: it was never sealed, or by a Holdfast that did not keep it.
   *
   * @throws HoldfastError RELEASE_REFUSED when it is there and cannot be read
   */
  readPlan(id: string): Plan | null {
    try {
      const old = JSON.parse(readFileSync(this.#planFile(id), 'utf8')) as Plan;
      // An older version may have kept it. Its apps and sites the daemon completes.
      const release = { ...releaseDefaults, ...old.release };
      return { ...projectDefaults, ...old, release };
    } catch (cause) {
      if (isSystemError(cause) && cause.code === 'ENOENT') return null;
      throw new HoldfastError('RELEASE_REFUSED', `Cannot read "${this.#planFile(id)}", the plan of "${id}"`, {
        hint: 'Deploy its commit once more: `hold deploy --ref <commit> --again`',
        cause,
      });
    }
  }

  #planFile(id: string): string {
    return join(this.dirOf(id), 'plan.json');
  }

  /** Does nothing when there is no such record. */
  update(id: string, change: (old: ReleaseRecord) => ReleaseRecord): void {
    const old = this.read(id);
    if (old) this.write(change(old));
  }
}
