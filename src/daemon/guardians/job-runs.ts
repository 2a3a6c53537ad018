/** What becomes of the runs of jobs, as events, and the end of those that take too long. */
import { formatDuration } from '../../kit/units.ts';
import { type Exit, isFailure } from '../../supervisor/exit.ts';
import type { Instance } from '../../supervisor/instance.ts';
import type { SupervisorFact } from '../../supervisor/supervisor.ts';
import type { GuardianContext } from '../guardians.ts';

export interface JobRunsContext extends Pick<GuardianContext, 'clock'> {
  readonly journal: Pick<GuardianContext['journal'], 'record'>;
}

interface Cause {
  readonly why: string;
  readonly planned: number;
  /** Slots that have begun because of it. */
  readonly slots: Set<number>;
}

export class JobRuns {
  readonly #context: JobRunsContext;
  /** By app: why its next processes begin. */
  readonly #causes = new Map<string, Cause>();
  /** By instance, as long as it runs: calls off its end for taking too long. */
  readonly #limits = new Map<string, () => void>();
  /** Instances whose run has failed, and was told. */
  readonly #failed = new Set<string>();

  constructor(context: JobRunsContext) {
    this.#context = context;
  }

  /** The clock is about to start a run; what nobody announced was started by a person. */
  begin(app: string, why: string, planned: number): void {
    this.#causes.set(app, { why, planned, slots: new Set() });
  }

  /** It could not be started. */
  failed(app: string, reason: string): void {
    this.#causes.delete(app);
    this.#context.journal.record('job.failed', { app, reason });
  }

  heard(fact: SupervisorFact): void {
    if (fact.kind === 'adopted' && fact.instance.plan.job) this.#limit(fact.instance);
    if (fact.kind !== 'instance' || !fact.instance.plan.job) return;
    const { instance, fact: what } = fact;
    switch (what.type) {
      case 'spawned':
        this.#failed.delete(instance.id);
        this.#started(instance, what.pid);
        this.#limit(instance);
        return;
      case 'crashed':
        this.#ended(instance, what.reason, what.exit, what.uptimeMs);
        return;
      case 'stopped':
        if (this.#limits.has(instance.id)) this.#ended(instance, 'it was stopped', what.exit, null);
        return;
      case 'spawnFailed':
        this.#ended(instance, what.reason, null, null);
        return;
      case 'done':
        this.#done(instance, what.exit, what.uptimeMs);
        return;
      default:
        return;
    }
  }

  close(): void {
    for (const cancel of this.#limits.values()) cancel();
    this.#limits.clear();
  }

  #started(instance: Instance, pid: number): void {
    const app = instance.plan.name;
    const cause = this.#causes.get(app);
    const isFirst = cause !== undefined && !cause.slots.has(instance.slot);
    cause?.slots.add(instance.slot);
    this.#context.journal.record('job.started', {
      app,
      instance: instance.id,
      pid,
      reason: isFirst ? cause.why : 'by hand',
      ...(isFirst && { data: { planned: new Date(cause.planned).toISOString() } }),
    });
  }

  /** Ends it when it takes too long; one that was adopted has had a part of its time. */
  #limit(instance: Instance): void {
    this.#limits.get(instance.id)?.();
    const { clock } = this.#context;
    const timeoutMs = instance.plan.job?.timeoutMs ?? null;
    if (timeoutMs === null) {
      this.#limits.set(instance.id, () => undefined);
      return;
    }
    const since = instance.running?.record.spawnedAt ?? clock.now();
    const cancel = clock.after(Math.max(0, since + timeoutMs - clock.now()), () => {
      instance.dispatch({ type: 'unhealthy', reason: `it ran longer than ${formatDuration(timeoutMs)}` });
    });
    this.#limits.set(instance.id, cancel);
  }

  #ended(instance: Instance, reason: string, exit: Exit | null, uptimeMs: number | null): void {
    this.#forget(instance);
    this.#failed.add(instance.id);
    const { code, signal } = exit ?? { code: null, signal: null };
    this.#context.journal.record('job.failed', {
      app: instance.plan.name,
      instance: instance.id,
      reason,
      data: { code, signal, ...(uptimeMs !== null && { tookMs: uptimeMs }) },
    });
  }

  #done(instance: Instance, exit: Exit | null, uptimeMs: number): void {
    this.#forget(instance);
    // Why it failed was told.
    if (this.#failed.delete(instance.id)) return;
    const code = exit?.code ?? null;
    const unknown = exit === null || (code === null && !isFailure(exit));
    this.#context.journal.record('job.done', {
      app: instance.plan.name,
      instance: instance.id,
      ...(unknown && { reason: 'how it ended is not known: an earlier daemon had started it' }),
      data: { tookMs: uptimeMs, code },
    });
  }

  #forget(instance: Instance): void {
    this.#limits.get(instance.id)?.();
    this.#limits.delete(instance.id);
  }
}
