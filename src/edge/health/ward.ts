/** The circuits of the targets of one pool: who is left out for a while because it fails, and who comes back. */
import type { OutlierRules } from '../../protocol/traffic-rules.ts';
import type { Failure } from '../failure.ts';
import type { Target } from '../target.ts';
import { type CircuitEvent, circuitStep, closedCircuit } from './circuit.ts';

/** Gets a sentence for the log. */
export type Notice = (text: string) => void;

export class Ward {
  readonly #notice: Notice;
  #rules: OutlierRules | null = null;
  /** Those that may get requests. */
  #ready: readonly Target[] = [];
  #probes = 0;

  constructor(notice: Notice) {
    this.#notice = notice;
  }

  /** Follows the table. `ready`: the targets that may get requests. */
  follow(rules: OutlierRules | null, ready: readonly Target[]): void {
    this.#rules = rules;
    this.#ready = ready;
    if (!rules) for (const target of ready) target.circuit = closedCircuit;
  }

  /** A request goes to this target. Returns its number if it is one that finds out whether the target is well again, else 0. */
  begun(target: Target, now: number): number {
    if (target.circuit.phase !== 'halfOpen') return 0;
    this.#step(target, 'begun', now, '');
    this.#probes++;
    target.probe = this.#probes;
    return target.probe;
  }

  /** The request of this number has ended in a way that says nothing. */
  untold(target: Target, now: number, probe: number): void {
    if (this.#counts(target, probe)) this.#step(target, 'untold', now, '');
  }

  /**
   * A request has come to nothing. `reused`: on a connection that had carried one before. `probe`: its number. Returns false if
   * that says nothing.
   */
  failed(target: Target, failure: Failure, reused: boolean, now: number, probe = 0): boolean {
    // It was idle, and may have ended before the request came.
    if (reused && failure.retryable !== 'never') return false;
    if (failure.retryable === 'always') target.refused();
    if (this.#counts(target, probe)) this.#step(target, 'failure', now, failure.cause);
    return true;
  }

  /** It has given a whole answer, or the beginning of one that may go on for ever. */
  answered(target: Target, status: number, now: number, probe = 0): void {
    if (!this.#counts(target, probe)) return;
    if (status >= 502 && status <= 504) this.#step(target, 'failure', now, `it answered ${status}`);
    else if (target.circuit !== closedCircuit) this.#step(target, 'success', now, '');
  }

  /** While it is tried, only who tries it can tell: other requests were sent before it was out, and say how it was then. */
  #counts({ circuit, probe: last }: Target, probe: number): boolean {
    if (circuit.phase !== 'halfOpen' && circuit.phase !== 'trying') return true;
    return probe !== 0 && probe === last;
  }

  /** Time has passed. */
  tick(now: number): void {
    for (const target of this.#ready) {
      const { deadline } = target.circuit;
      if (deadline !== 0 && deadline <= now) this.#step(target, 'timeout', now, '');
    }
  }

  #step(target: Target, event: CircuitEvent, now: number, cause: string): void {
    const rules = this.#rules;
    if (!rules || target.state !== 'ready') return;
    const before = target.circuit;
    const mayOpen = event === 'failure' && this.#mayOpen(rules);
    const after = circuitStep(before, event, { now, rules, mayOpen });
    target.circuit = after;
    if (after.phase === 'closed' || after.phase === 'open') target.probe = 0;
    if (after.phase === 'open' && before.phase !== 'open') {
      target.ejections++;
      const row = `${after.failures} failures in a row, the last: ${cause}`;
      this.#notice(`${target.id} is ejected for ${after.ejectedMs / 1_000} s after ${row}`);
    } else if (after.phase === 'closed' && before.phase !== 'closed') {
      target.begin();
      this.#notice(`${target.id} is restored`);
    }
  }

  #mayOpen({ maxShare }: OutlierRules): boolean {
    const count = this.#ready.length;
    const closed = this.#ready.filter(({ circuit }) => circuit.phase === 'closed').length;
    // 0.29 * 100 is a little less than 29.
    return count - closed < Math.floor(maxShare * count + 1e-9) && closed > 1;
  }
}
