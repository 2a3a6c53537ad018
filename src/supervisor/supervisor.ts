/**
 * The folder's front door: takes what is desired, keeps it true, says what happens, and answers how things are.
 */
import type { Clock } from '../kit/clock.ts';
import { isAlive } from '../kit/proc.ts';
import { App, type AppContext, type DesiredApp, type RolloutFact, type Traffic } from './app.ts';
import { blockerOf } from './dependencies.ts';
import { Instance, type InstanceFact, type InstanceSnapshot, type Launcher } from './instance.ts';
import { adoptProcess, endLeftovers, notedExit, type ProcessRecord } from './process.ts';

export type SupervisorFact =
  | { readonly kind: 'instance'; readonly app: App; readonly instance: Instance; readonly fact: InstanceFact }
  | { readonly kind: 'adopted'; readonly app: App; readonly instance: Instance }
  | { readonly kind: 'draining'; readonly app: App; readonly instance: Instance }
  | { readonly kind: 'rollout'; readonly app: App; readonly fact: RolloutFact };

/** One instance on disk. */
export interface InstanceRecord {
  readonly app: string;
  readonly retiring: boolean;
  readonly snapshot: InstanceSnapshot;
  readonly process: ProcessRecord | null;
}

export interface SupervisorOptions {
  readonly clock: Clock;
  /** 0 <= random < 1 */
  random(): number;
  readonly launcher: Launcher;
  readonly traffic: Traffic;
  /** Sends the message that asks an instance to end (`stop.message`); false when there is no way to tell it. */
  askToEnd(instance: Instance): boolean;
  /** Why an instance that ended cannot be started at present, see `Policy.hindrance`. */
  hindrance(instance: Instance): string | null;
  onFact(fact: SupervisorFact): void;
  /** Something about some instance is different; records and route tables may be. */
  onChange(): void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #context: AppContext;
  readonly #apps = new Map<string, App>();
  readonly #serials = new Map<string, number>();
  readonly #watchers = new Set<() => void>();
  #wakeScheduled = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#context = this.#contextOf(options);
  }

  get apps(): readonly App[] {
    return [...this.#apps.values()];
  }

  app(name: string): App | undefined {
    return this.#apps.get(name);
  }

  /** Makes this the wish for the app; `wanted: 0` for one that shall not run. */
  desire(name: string, desired: DesiredApp): App {
    const app = this.#apps.get(name);
    if (app) {
      app.desire(desired);
      return app;
    }
    const fresh = new App(name, desired, this.#context);
    this.#apps.set(name, fresh);
    fresh.reconcile();
    return fresh;
  }

  /** Forgets an app of which nothing runs any more. */
  forget(name: string): void {
    if (!this.#apps.get(name)?.isGone) return;
    this.#apps.delete(name);
    this.#serials.delete(name);
  }

  /**
   * Takes over what an earlier daemon left, before anything is reconciled. Processes that live are adopted, those that died meanwhile
   * count as exits.
   */
  resume(
    desired: ReadonlyMap<string, DesiredApp>,
    records: readonly InstanceRecord[],
    serials: Readonly<Record<string, number>> = {},
  ): void {
    for (const [app, serial] of Object.entries(serials)) this.#serials.set(app, serial);
    for (const [name, wish] of desired) this.#apps.set(name, new App(name, wish, this.#context));
    for (const record of inOrder(records)) {
      this.#serials.set(record.app, Math.max(this.#serials.get(record.app) ?? 0, record.snapshot.serial));
      const app = this.#apps.get(record.app);
      if (app) this.#resumeOne(app, record);
    }
    for (const app of this.#apps.values()) app.reconcile();
  }

  #resumeOne(app: App, { snapshot, process, retiring, alive }: FoundRecord): void {
    const { plan, previous } = app.desired;
    const own = previous?.generation === snapshot.generation ? previous.plan : plan;
    const instance = new Instance(own, snapshot.slot, snapshot.generation, this.#context);
    instance.draining = retiring;
    if (process && !alive && own.stop.ends === 'tree') endLeftovers(process);
    const running = process && alive ? adoptProcess(process, this.#options.clock) : null;
    instance.resume(snapshot, running, process && !alive ? notedExit(process) : null);
    app.resume(instance, retiring);
    if (running) this.#options.onFact({ kind: 'adopted', app, instance });
  }

  records(): InstanceRecord[] {
    return this.apps.flatMap((app) =>
      app.instances.map((instance) => ({
        app: app.name,
        retiring: app.isRetiring(instance),
        snapshot: instance.snapshot(),
        process: instance.running?.record ?? null,
      })),
    );
  }

  /** The highest serial of each app. */
  get serials(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#serials);
  }

  /** The running instance with this id and serial, if it is still the one. */
  find(id: string, serial: number): Instance | undefined {
    for (const app of this.#apps.values()) {
      const found = app.instances.find((instance) => instance.id === id && instance.serial === serial);
      if (found) return found;
    }
    return undefined;
  }

  /** Resolves when the condition holds after some change, or holds already. Rejects when `condition` throws. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const watcher = () => {
        try {
          if (!condition()) return;
          resolve();
        } catch (error) {
          reject(error);
        }
        this.#watchers.delete(watcher);
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  #contextOf({
    clock,
    random,
    launcher,
    traffic,
    askToEnd,
    hindrance,
    onFact,
  }: SupervisorOptions): AppContext {
    return {
      clock,
      random,
      launcher,
      traffic,
      askToEnd,
      hindrance,
      blockerOf: ({ name, desired }) =>
        blockerOf(desired.plan.after, (other) => this.#apps.get(other), [name]),
      nextSerial: (name) => {
        const serial = (this.#serials.get(name) ?? 0) + 1;
        this.#serials.set(name, serial);
        return serial;
      },
      changed: (instance, fact) => {
        const app = this.#apps.get(instance.plan.name);
        if (app && fact) onFact({ kind: 'instance', app, instance, fact });
        this.#wake();
      },
      draining: (instance) => {
        const app = this.#apps.get(instance.plan.name);
        if (app) onFact({ kind: 'draining', app, instance });
        this.#wake();
      },
      rollout: (app, fact) => {
        onFact({ kind: 'rollout', app, fact });
        this.#wake();
      },
    };
  }

  /** Reconciles soon, once for all changes of this turn. */
  #wake(): void {
    if (this.#wakeScheduled) return;
    this.#wakeScheduled = true;
    queueMicrotask(() => {
      this.#wakeScheduled = false;
      for (const app of this.#apps.values()) app.reconcile();
      this.#options.onChange();
      for (const watcher of [...this.#watchers]) watcher();
    });
  }
}

interface FoundRecord extends InstanceRecord {
  /** Its process runs. */
  readonly alive: boolean;
}

/**
 * What lives comes before what does not, and so keeps its slot. What is on its way out comes last: how its work ends depends on the
 * others, such as the edges.
 */
function inOrder(records: readonly InstanceRecord[]): FoundRecord[] {
  const found = records.map((record) => ({
    ...record,
    alive: record.process !== null && isAlive(record.process),
  }));
  return found
    .flatMap((record) => {
      if (!found.some((other) => succeeds(other, record))) return [record];
      // It was written before its process, or the one after it, began.
      return record.process === null ? [] : [{ ...record, retiring: true }];
    })
    .sort((a, b) => Number(a.retiring) - Number(b.retiring) || Number(b.alive) - Number(a.alive));
}

/** It lives, and has the slot that the other one, which does not, had. */
function succeeds(other: FoundRecord, { app, snapshot, alive, retiring }: FoundRecord): boolean {
  if (alive || retiring || !other.alive || other.retiring) return false;
  return (
    other.app === app && other.snapshot.slot === snapshot.slot && other.snapshot.serial >= snapshot.serial
  );
}
