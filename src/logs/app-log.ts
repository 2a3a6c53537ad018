/**
 * Everything that becomes of the output of one app: its log, which rules; its plain files; and those that its lines are
 * forwarded to, who read the log.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AppPlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import type { RecordSink } from './capture.ts';
import { flushLog } from './flush.ts';
import type { Forwarding } from './forward/forwarding.ts';
import { endOfLog } from './forward/position.ts';
import type { HomeCap } from './home-cap.ts';
import { noteFormat } from './noted-format.ts';
import { PlainFiles } from './plain/plain-files.ts';
import { LogWriter } from './writer.ts';

/** What of an app's plan concerns its log. */
export type LoggedApp = Pick<AppPlan, 'name' | 'log' | 'instances'>;

export interface AppLogOptions {
  /** The log directory. */
  readonly dir: string;
  /** Where it is noted how far the log was forwarded. */
  readonly stateDir: string;
  readonly clock: Clock;
  readonly home: HomeCap;
  /** Lines could not be written: into the log, or into a plain file of this path. */
  onLost(lines: number, path: string | null, reason: string | null): void;
  onDropped(lines: number): void;
  /** Lines were not taken by a collector; 0 when they wait for it. */
  onUnforwarded(lines: number, to: string, reason: string): void;
}

export class AppLog {
  readonly #options: AppLogOptions;
  readonly #writer: LogWriter;
  #plan: LoggedApp;
  #files: PlainFiles | undefined;
  /** Being loaded, or there. */
  #forwarding: Promise<Forwarding> | undefined;
  /** There, and to be told when lines are written. */
  #forwarded: Forwarding | undefined;

  constructor(plan: LoggedApp, options: AppLogOptions) {
    const { dir, clock, home, onLost, onDropped } = options;
    this.#options = options;
    this.#plan = plan;
    this.#writer = new LogWriter({
      dir,
      app: plan.name,
      plan: plan.log,
      clock,
      home,
      onLost: (lines) => onLost(lines, null, null),
      onDropped,
    });
    this.#files = this.#makeFiles(plan);
    noteFormat(dir, plan.name, plan.log.format);
    this.#forward();
  }

  configure(plan: LoggedApp): void {
    const old = this.#plan;
    this.#plan = plan;
    if (isDeepStrictEqual(old, plan)) return;
    this.#writer.configure(plan.log);
    noteFormat(this.#options.dir, plan.name, plan.log.format);
    this.#forward();
    if (isDeepStrictEqual(old.log.files, plan.log.files) && old.instances === plan.instances) return;
    void this.#files?.close();
    this.#files = this.#makeFiles(plan);
  }

  /**
   * Where the records of an instance go.
   *
   * @param fresh a person has started it, or wants it to begin anew; false after a crash
   */
  sink(slot: number, fresh: boolean): RecordSink {
    this.#files?.make(slot);
    if (fresh) this.#files?.begin(slot);
    return {
      write: (records) => {
        const ready = this.#writer.write(records);
        this.#files?.write(slot, records);
        this.#forwarded?.nudge();
        return ready;
      },
      onceReady: (callback) => this.#writer.onceReady(callback),
    };
  }

  /** Plain files that were moved away are made anew. */
  reopen(): void {
    this.#files?.reopen();
  }

  /** Empties the log and the plain files. */
  flush(): void {
    flushLog(this.#options.dir, this.#plan.name);
    this.#files?.empty();
  }

  async close(): Promise<void> {
    await Promise.all([this.#writer.close(), this.#files?.close()]);
    await (await this.#forwarding)?.close();
  }

  /** What is in the log already is not for targets that are new. */
  #forward(): void {
    const { log, name } = this.#plan;
    if (log.forward.length === 0 && !this.#forwarding) return;
    const { dir, stateDir, clock, onUnforwarded } = this.#options;
    const from = endOfLog(dir, name);
    this.#forwarding ??= import('./forward/forwarding.ts').then(({ Forwarding }) => {
      this.#forwarded = new Forwarding({ dir, stateDir, app: name, clock, onUnforwarded });
      return this.#forwarded;
    });
    void this.#forwarding.then((forwarding) => forwarding.configure(log, from));
  }

  #makeFiles({ name, log, instances }: LoggedApp): PlainFiles | undefined {
    if (!PlainFiles.areWanted(log.files)) return undefined;
    const { clock, onLost } = this.#options;
    return new PlainFiles({ app: name, plan: log.files, instances, clock, onLost });
  }
}
