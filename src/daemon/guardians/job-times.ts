/**
 * Up to when each job has been dealt with, on disk, so that the next daemon knows what was missed. Written before a run begins:
 * after a power cut a run is rather missed than made twice.
 */
import { type Damaged, readNewest, writeAtomicSync } from '../../kit/atomic-file.ts';

interface JobTime {
  /** ISO 8601. */
  readonly at: string;
  /** What `at` was planned by; with another expression it means nothing. */
  readonly expression: string;
  readonly timezone: string | null;
}

interface JobTimesFile {
  readonly version: 1;
  readonly jobs: Readonly<Record<string, JobTime>>;
}

/** The part of a plan that says when. */
export type When = Pick<JobTime, 'expression' | 'timezone'>;

export class JobTimes {
  readonly #file: string;
  readonly #onUnsaved: (error: Error) => void;
  #jobs: Map<string, JobTime>;
  #changed = false;

  private constructor(
    file: string,
    jobs: Readonly<Record<string, JobTime>>,
    onUnsaved: (error: Error) => void,
  ) {
    this.#file = file;
    this.#onUnsaved = onUnsaved;
    this.#jobs = new Map(Object.entries(jobs));
  }

  /** What an earlier daemon knew, and the files of it that were damaged, or why none can be read. */
  static async load(
    file: string,
    onUnsaved: (error: Error) => void,
  ): Promise<{ times: JobTimes; damaged: readonly Damaged[]; unreadable: string | null }> {
    try {
      const { value, damaged } = await readNewest(file, parse, { generations: 1 });
      return { times: new JobTimes(file, value?.jobs ?? {}, onUnsaved), damaged, unreadable: null };
    } catch (error) {
      const unreadable = error instanceof Error ? error.message : String(error);
      return { times: new JobTimes(file, {}, onUnsaved), damaged: [], unreadable };
    }
  }

  /** The last planned time that was dealt with; null when nothing is known for this expression. */
  since(app: string, { expression, timezone }: When): number | null {
    const known = this.#jobs.get(app);
    if (known?.expression !== expression || known.timezone !== timezone) return null;
    return Date.parse(known.at);
  }

  set(app: string, { expression, timezone }: When, at: number): void {
    this.#jobs.set(app, { at: new Date(at).toISOString(), expression, timezone });
    this.#changed = true;
  }

  /** Forgets all others. */
  keepOnly(apps: ReadonlySet<string>): void {
    for (const app of this.#jobs.keys()) {
      if (!apps.has(app)) this.#changed = this.#jobs.delete(app);
    }
  }

  /** Writes what has changed. When the disk is full, what is in memory counts, and the next change writes it. */
  save(): void {
    if (!this.#changed) return;
    const jobs = Object.fromEntries(this.#jobs);
    try {
      writeAtomicSync(this.#file, JSON.stringify({ version: 1, jobs } satisfies JobTimesFile), {
        generations: 1,
      });
      this.#changed = false;
    } catch (error) {
      this.#onUnsaved(error as Error);
    }
  }
}

function parse(text: string): JobTimesFile {
  const value = JSON.parse(text) as JobTimesFile;
  if (value.version !== 1 || typeof value.jobs !== 'object') throw new Error('not a file of this version');
  for (const { at } of Object.values(value.jobs)) {
    if (Number.isNaN(Date.parse(at))) throw new Error(`"${at}" is not a time`);
  }
  return value;
}
