/** How apps end: those that are not wanted any more, all of them, or all until the next start of the machine. */
import { FRONT_NAME } from '../protocol/api.ts';
import { DASHBOARD } from './dashboard-app.ts';
import { EDGE } from './edge-app.ts';
import { EGRESS, isOwn } from './egress-app.ts';
import type { OperationsOptions } from './operations.ts';
import { endInOrder } from './order.ts';
import type { PortKeeper } from './port-keeper.ts';
import type { DesiredState } from './state.ts';
import { HURRY_MS, type Wishes } from './wishes.ts';

export class Ending {
  readonly #options: OperationsOptions;
  readonly #ports: PortKeeper;
  readonly #wishes: Wishes;

  constructor(options: OperationsOptions, ports: PortKeeper, wishes: Wishes) {
    this.#options = options;
    this.#ports = ports;
    this.#wishes = wishes;
  }

  get #state(): DesiredState {
    return this.#options.store.state;
  }

  /** Ends everything and forgets it: the apps first, those that depend on others before them, the edge last. */
  async down(): Promise<void> {
    const { store, orphans } = this.#options;
    this.#wishes.end({ keepWishes: false });
    const names = Object.keys(this.#state.apps).filter((name) => !isOwn(name));
    await Promise.all([this.delete(names, HURRY_MS), orphans.endAll()]);
    await this.delete([FRONT_NAME], HURRY_MS);
    await this.#options.front.withdraw({ ...this.#state, front: null });
    store.edit((state) => ({ ...state, sites: {} }));
    await this.delete([DASHBOARD, EDGE, EGRESS], HURRY_MS);
    store.edit((state) => ({
      ...state,
      ...{
        edge: null,
        logsTotalBytes: null,
        egress: {},
        front: null,
        frontPorts: {},
        releases: {},
        notify: {},
        metrics: {},
        dashboard: {},
        dashboardSessionsFrom: Date.now(),
      },
    }));
  }

  /** The machine goes down: ends everything, but keeps the wish for the next start. */
  async suspend(): Promise<void> {
    const { supervisor } = this.#options;
    this.#wishes.end({ keepWishes: true });
    const end = async (name: string) => {
      const app = supervisor.app(name);
      if (!app) return;
      app.desire({ ...app.desired, wanted: 0, drainLimitMs: HURRY_MS });
      await supervisor.until(() => app.isGone);
    };
    const apps = supervisor.apps.filter(({ name }) => !isOwn(name));
    await endInOrder(
      apps.map(({ name, desired }) => ({ name, after: desired.plan.after })),
      end,
    );
    await Promise.all([end(EDGE), end(FRONT_NAME), end(EGRESS), end(DASHBOARD)]);
    // Of a rollout that was under way nothing is left to go back to.
    for (const { plan, previous } of Object.values(this.#state.apps)) {
      if (previous) this.#wishes.edit(plan.name, (old) => ({ ...old, previous: null }));
    }
  }

  /** Those that are routed to must be out of the routes by now. `drainLimitMs`: null = as each app says. */
  async delete(names: readonly string[], drainLimitMs: number | null = null): Promise<void> {
    const { supervisor, store, outputs } = this.#options;
    const apps = names.flatMap((name) => this.#state.apps[name] ?? []);
    for (const { plan } of apps) {
      this.#wishes.deleting.add(plan.name);
      this.#wishes.edit(plan.name, (old) => ({ ...old, stopped: true, previous: null }), {
        change: 'deleted',
      });
    }
    await endInOrder(
      apps.map(({ plan }) => plan),
      async (name) => {
        const stored = this.#state.apps[name];
        const app = supervisor.app(name);
        if (!stored || !app) return;
        app.desire({ ...this.#wishes.desired(stored), drainLimitMs });
        await supervisor.until(() => app.isGone);
        supervisor.forget(name);
      },
    );
    store.edit((state) => ({ ...state, apps: omit(state.apps, names) }));
    for (const name of names) {
      this.#wishes.deleting.delete(name);
      outputs.forget(name);
    }
    this.#ports.closeUnwanted();
    await this.#options.portsFreed();
  }
}

function omit<T>(record: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}
