/** Apps that are replaced by the clock (`restart.cron`), one instance after the other. */
import type { CronPlan } from '../../config/plan.ts';
import { Alarm } from '../../kit/alarm.ts';
import { schedule } from '../../kit/cron.ts';
import type { Guardian, GuardianContext } from '../guardians.ts';

export interface RestartClockContext extends Pick<GuardianContext, 'clock' | 'state'> {
  /** Its instances are just being replaced for another reason. */
  isRolling(app: string): boolean;
  reload(app: string, why: string): Promise<void>;
}

export function createRestartClock({ clock, state, supervisor, operations }: GuardianContext): Guardian {
  return new RestartClock({
    clock,
    state,
    isRolling: (app) => supervisor.app(app)?.isRolling ?? false,
    reload: (app, why) => operations.reload(app, {}, why),
  });
}

export class RestartClock implements Guardian {
  readonly #context: RestartClockContext;
  readonly #alarms = new Map<string, { readonly key: string; readonly alarm: Alarm }>();

  constructor(context: RestartClockContext) {
    this.#context = context;
  }

  heard(): void {}

  changed(): void {
    const { clock } = this.#context;
    const wanted = this.#wanted();
    for (const [app, { key, alarm }] of this.#alarms) {
      if (wanted.has(app) && keyOf(wanted.get(app)) === key) continue;
      alarm.close();
      this.#alarms.delete(app);
    }
    for (const [app, at] of wanted) {
      if (this.#alarms.has(app)) continue;
      const alarm = new Alarm({
        clock,
        schedule: schedule(at.expression, at.timezone),
        since: clock.now(),
        onDue: ({ isMissed }) => {
          // What the machine slept through need not be made up for: nobody waits for a restart.
          if (!isMissed && !this.#context.isRolling(app)) void this.#reload(app);
        },
      });
      this.#alarms.set(app, { key: keyOf(at), alarm });
    }
  }

  close(): void {
    for (const { alarm } of this.#alarms.values()) alarm.close();
    this.#alarms.clear();
  }

  #wanted(): Map<string, CronPlan> {
    const apps = Object.values(this.#context.state().apps);
    return new Map(
      apps.flatMap(({ plan, stopped }): [string, CronPlan][] => {
        const { at } = plan.restart;
        return at && !plan.job && !stopped ? [[plan.name, at]] : [];
      }),
    );
  }

  async #reload(app: string): Promise<void> {
    // The journal says why it failed; the old ones go on.
    await this.#context.reload(app, 'by the clock').catch(() => undefined);
  }
}

function keyOf(at: CronPlan | undefined): string {
  return `${at?.expression} ${at?.timezone}`;
}
