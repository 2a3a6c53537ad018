/** What is done when the process of an instance is gone: its last words are read, a crash goes on record, what it had is taken back. */
import type { Instance, InstanceFact } from '../supervisor/instance.ts';
import type { ProcessRecord } from '../supervisor/process.ts';
import type { InstanceRecord } from '../supervisor/supervisor.ts';
import type { CrashReports } from './crash-report.ts';
import type { Leases } from './leases.ts';
import type { Outputs } from './outputs.ts';
import type { Readiness } from './readiness.ts';
import type { Vitals } from './vitals.ts';

export interface ExitsOptions {
  readonly outputs: Pick<Outputs, 'ended' | 'close'>;
  readonly crashReports: Pick<CrashReports, 'crashed' | 'ended'>;
  readonly leases: Pick<Leases, 'release'>;
  readonly vitals: Pick<Vitals, 'released'>;
  readonly readiness: Pick<Readiness, 'lacked'>;
  /** Something that nobody waits for went wrong. */
  complain(error: unknown): void;
}

type InstanceEnd = Extract<InstanceFact, { type: 'crashed' | 'stopped' | 'done' }>;

export class Exits {
  readonly #options: ExitsOptions;
  readonly #underWay = new Set<Promise<void>>();
  /** By key: of those that died without a daemon the facts tell no process. */
  readonly #records = new Map<string, ProcessRecord>();
  /** The last one that crashed. */
  #crashed: string | null = null;

  constructor(options: ExitsOptions) {
    this.#options = options;
  }

  /** What the daemon before has left. */
  inherited(records: readonly InstanceRecord[]): void {
    for (const { app, snapshot, process } of records) {
      if (process) this.#records.set(`${app}.${snapshot.slot}#${process.serial}`, process);
    }
  }

  heard(instance: Instance, fact: InstanceFact): void {
    const { key } = instance;
    if (fact.type === 'spawnFailed') {
      this.#options.vitals.released(key);
      this.#options.readiness.lacked(key);
      this.#follow(this.#options.outputs.close(key));
    }
    if (!this.#isEnd(key, fact)) return;
    const record = fact.running?.record ?? this.#records.get(key) ?? null;
    this.#records.delete(key);
    if (fact.running) this.#options.leases.release(fact.running.record, instance);
    this.#follow(this.#afterEnd(key, instance, fact, record));
  }

  /** Resolves when nothing of it is under way: a daemon must not leave before a crash is on record and the pipes are removed. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Its process is gone. One that crashes and stays so is told twice. */
  #isEnd(key: string, fact: InstanceFact): fact is InstanceEnd {
    if (fact.type === 'crashed') this.#crashed = key;
    if (fact.type === 'done') return fact.exit !== null && this.#crashed !== key;
    return fact.type === 'crashed' || fact.type === 'stopped';
  }

  async #afterEnd(
    key: string,
    instance: Instance,
    fact: InstanceEnd,
    record: ProcessRecord | null,
  ): Promise<void> {
    const { vitals, outputs, crashReports } = this.#options;
    vitals.released(key);
    try {
      await outputs.ended(key);
      if (fact.type === 'crashed') await crashReports.crashed(key, instance, fact, record);
      else crashReports.ended(key, record);
    } finally {
      await outputs.close(key);
    }
  }

  #follow(work: Promise<void>): void {
    const followed = work
      .catch((error) => this.#options.complain(error))
      .finally(() => this.#underWay.delete(followed));
    this.#underWay.add(followed);
  }
}
