/** All forwarding of one app. Loaded only when there is some. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ForwardPlan, LogPlan } from '../../config/plan.ts';
import type { Clock } from '../../kit/clock.ts';
import { Forwarder } from './forwarder.ts';
import { nameOfTarget } from './line.ts';
import { type Position, PositionFile } from './position.ts';
import { makeSender } from './sender.ts';

export interface ForwardingOptions {
  /** The log directory. */
  readonly dir: string;
  /** Where positions are kept: `forward-<app>.json`. */
  readonly stateDir: string;
  readonly app: string;
  readonly clock: Clock;
  /** Lines will not arrive at this target any more; 0 when they only wait. */
  onUnforwarded(lines: number, to: string, reason: string): void;
}

interface Target {
  readonly plan: ForwardPlan;
  readonly structured: boolean;
  readonly forwarder: Forwarder;
}

export class Forwarding {
  readonly #options: ForwardingOptions;
  readonly #positions: PositionFile;
  readonly #targets = new Map<string, Target>();
  #changing: Promise<void> = Promise.resolve();

  constructor(options: ForwardingOptions) {
    this.#options = options;
    this.#positions = new PositionFile(join(options.stateDir, `forward-${options.app}.json`));
  }

  /** @param from where targets begin that are new: what is older is not theirs */
  configure({ forward, format }: Pick<LogPlan, 'forward' | 'format'>, from: Position): void {
    this.#changing = this.#changing.then(() => this.#change(forward, format === 'json', from));
  }

  nudge(): void {
    for (const { forwarder } of this.#targets.values()) forwarder.nudge();
  }

  async close(): Promise<void> {
    await this.#changing;
    await Promise.all([...this.#targets.values()].map(({ forwarder }) => forwarder.close()));
    this.#targets.clear();
  }

  async #change(plans: readonly ForwardPlan[], structured: boolean, from: Position): Promise<void> {
    const wanted = new Map(plans.map((plan) => [`${plan.kind} ${nameOfTarget(plan)}`, plan]));
    for (const [key, target] of this.#targets) {
      if (isDeepStrictEqual(target.plan, wanted.get(key)) && target.structured === structured) continue;
      this.#targets.delete(key);
      await target.forwarder.close();
    }
    this.#positions.keepOnly([...wanted.keys()]);
    for (const [key, plan] of wanted) {
      if (this.#targets.has(key)) continue;
      if (!this.#positions.get(key)) this.#positions.set(key, from);
      this.#targets.set(key, { plan, structured, forwarder: this.#start(key, plan, structured, from) });
    }
  }

  #start(key: string, plan: ForwardPlan, structured: boolean, from: Position): Forwarder {
    const { dir, app, clock, onUnforwarded } = this.#options;
    return new Forwarder({
      dir,
      app,
      clock,
      random: Math.random,
      from: this.#positions.get(key) ?? from,
      structured,
      makeSender: (onBroken) => makeSender(plan, onBroken),
      onProgress: (position) => this.#positions.set(key, position),
      onUnforwarded: (lines, reason) => onUnforwarded(lines, nameOfTarget(plan), reason),
    });
  }
}
