/** Jobs: apps that the clock starts. Decides when a run is due, and tells what becomes of it. */
import { join } from 'node:path';
import type { JobPlan } from '../../config/plan.ts';
import { HoldfastError } from '../../errors.ts';
import { Alarm, COUNT_LIMIT, type Due } from '../../kit/alarm.ts';
import { schedule } from '../../kit/cron.ts';
import { formatDuration } from '../../kit/units.ts';
import type { Instance } from '../../supervisor/instance.ts';
import type { SupervisorFact } from '../../supervisor/supervisor.ts';
import type { Guardian, GuardianContext } from '../guardians.ts';
import { JobRuns } from './job-runs.ts';
import { JobTimes } from './job-times.ts';

export interface JobsContext extends Pick<GuardianContext, 'clock' | 'state'> {
  readonly journal: Pick<GuardianContext['journal'], 'record'>;
  /** Where the planned times are kept. */
  readonly file: string;
  instancesOf(app: string): readonly Instance[];
  /** Starts a run. Rejects when it cannot. */
  run(app: string): Promise<void>;
}

export function createJobs({
  clock,
  state,
  journal,
  paths,
  supervisor,
  operations,
}: GuardianContext): Guardian {
  return new Jobs({
    clock,
    state,
    journal,
    file: join(paths.state, 'jobs.json'),
    instancesOf: (app) => supervisor.app(app)?.instances ?? [],
    run: (app) => operations.runJob(app),
  });
}

export class Jobs implements Guardian {
  readonly #context: JobsContext;
  readonly #runs: JobRuns;
  readonly #alarms = new Map<string, { readonly key: string; readonly alarm: Alarm }>();
  #times: JobTimes | null = null;
  #loading: Promise<void> | null = null;
  #closed = false;

  constructor(context: JobsContext) {
    this.#context = context;
    this.#runs = new JobRuns(context);
  }

  heard(fact: SupervisorFact): void {
    this.#runs.heard(fact);
  }

  changed(): void {
    // Not before the first call: only then desired state is known.
    this.#loading ??= this.#load();
    const times = this.#times;
    if (!times || this.#closed) return;
    const jobs = this.#jobs();
    for (const [app, { key, alarm }] of this.#alarms) {
      const job = jobs.get(app);
      if (job && keyOf(job) === key) continue;
      alarm.close();
      this.#alarms.delete(app);
    }
    times.keepOnly(new Set(jobs.keys()));
    const fresh = [...jobs].filter(([app]) => !this.#alarms.has(app));
    for (const [app, job] of fresh) {
      if (times.since(app, job) === null) times.set(app, job, this.#context.clock.now());
    }
    times.save();
    for (const [app, job] of fresh) this.#arm(app, job, times);
  }

  close(): void {
    this.#closed = true;
    for (const { alarm } of this.#alarms.values()) alarm.close();
    this.#alarms.clear();
    this.#runs.close();
  }

  async #load(): Promise<void> {
    const { file, journal } = this.#context;
    const onUnsaved = (error: Error) => journal.record('state.unsaved', { reason: error.message });
    const { times, damaged, unreadable } = await JobTimes.load(file, onUnsaved);
    if (unreadable !== null) {
      journal.record('state.repaired', {
        reason: `${file} cannot be read (${unreadable}): what jobs have missed is not known`,
      });
    }
    for (const { file, reason, setAside } of damaged) {
      journal.record('state.repaired', { reason: `${file} is damaged (${reason})`, data: { setAside } });
    }
    this.#times = times;
    this.changed();
  }

  /** Those that the clock may start. */
  #jobs(): Map<string, JobPlan> {
    const apps = Object.values(this.#context.state().apps);
    return new Map(
      apps.flatMap(({ plan, stopped }): [string, JobPlan][] =>
        plan.job && !stopped ? [[plan.name, plan.job]] : [],
      ),
    );
  }

  #arm(app: string, job: JobPlan, times: JobTimes): void {
    const { clock } = this.#context;
    // What is due already is called only after this turn, when the alarm is in its place.
    const alarm = new Alarm({
      clock,
      schedule: schedule(job.expression, job.timezone),
      since: times.since(app, job) ?? clock.now(),
      onDue: (due) => {
        times.set(app, job, due.planned);
        times.save();
        this.#due(app, due);
      },
    });
    this.#alarms.set(app, { key: keyOf(job), alarm });
  }

  #due(app: string, due: Due): void {
    const job = this.#jobs().get(app);
    if (!job) return;
    const runs = !due.isMissed || job.missed === 'run';
    if (due.missed > 0) this.#tellMissed(app, due, runs);
    if (!runs) return;
    const since = this.#runningSince(app);
    if (since === null) void this.#run(app, due);
    else this.#skip(app, due, since);
  }

  /** When the run began that is under way. */
  #runningSince(app: string): number | null {
    const now = this.#context.clock.now();
    const active = this.#context.instancesOf(app).filter(({ isActive }) => isActive);
    if (active.length === 0) return null;
    return Math.min(...active.map(({ running }) => running?.record.spawnedAt ?? now));
  }

  #skip(app: string, { planned }: Due, since: number): void {
    const runningMs = this.#context.clock.now() - since;
    this.#context.journal.record('job.skipped', {
      app,
      reason: `its last run, which began ${formatDuration(runningMs)} ago, has not ended`,
      data: { planned: iso(planned), since: iso(since), runningMs },
    });
  }

  #tellMissed(app: string, { missed, missedSince }: Due, runs: boolean): void {
    const times =
      missed === COUNT_LIMIT ? `${missed} times or more` : missed === 1 ? 'once' : `${missed} times`;
    const then = runs ? 'it runs once now' : 'it is left out';
    this.#context.journal.record('job.missed', {
      app,
      reason: `it was due ${times} while Holdfast did not run or the machine slept; ${then}`,
      data: { times: missed, since: missedSince === null ? null : iso(missedSince), runs },
    });
  }

  async #run(app: string, { planned, isMissed }: Due): Promise<void> {
    const why = isMissed ? 'its time was missed' : 'by the clock';
    this.#runs.begin(app, why, planned);
    try {
      await this.#context.run(app);
    } catch (error) {
      // That a process could not be started is a fact, and was told as one.
      if (error instanceof HoldfastError && error.code === 'START_FAILED') return;
      this.#runs.failed(app, error instanceof Error ? error.message : String(error));
    }
  }
}

function keyOf({ expression, timezone }: JobPlan): string {
  return `${expression} ${timezone}`;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
