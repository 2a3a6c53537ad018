/** Waits until what is wished of an app is true, or plainly will not be: then says why, with the last output. */
import { HoldfastError } from '../errors.ts';
import type { OutputLine } from '../protocol/api.ts';
import type { Blocker } from '../supervisor/dependencies.ts';
import { unknownExit } from '../supervisor/exit.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { Supervisor, SupervisorFact } from '../supervisor/supervisor.ts';
import { type Diagnosis, diagnose } from './diagnosis.ts';
import type { Outputs } from './outputs.ts';
import { portOwner } from './port-owner.ts';
import { lastStack } from './stack-in-output.ts';

/** The message of START_FAILED when an app cannot even be tried. */
function waitsInVain(name: string, { app, state }: Blocker): HoldfastError {
  const error = new HoldfastError('START_FAILED', `${name} waits for ${app}, which ${state}`, {
    hint: `When ${app} is ready, ${name} is started; \`hold show ${app}\` says how it is`,
  });
  waiting.add(error);
  return error;
}

const waiting = new WeakSet<HoldfastError>();

/** It is about another app, which failed by itself or does not run. */
export function isOfWaiting(error: HoldfastError): boolean {
  return waiting.has(error);
}

/** Of its last output, with the error. */
const SHOWN_LINES = 20;

export class Settling {
  readonly #supervisor: Supervisor;
  readonly #outputs: Outputs;
  readonly #isUnequipped: (instance: Instance) => boolean;
  readonly #listeners = new Set<(fact: SupervisorFact) => void>();

  /** @param isUnequipped it was started without a port that is known by now */
  constructor(supervisor: Supervisor, outputs: Outputs, isUnequipped: (instance: Instance) => boolean) {
    this.#supervisor = supervisor;
    this.#outputs = outputs;
    this.#isUnequipped = isUnequipped;
  }

  heard(fact: SupervisorFact): void {
    for (const listener of [...this.#listeners]) listener(fact);
  }

  /** `promise` rejects with a HoldfastError when the wish for this app plainly will not come true. */
  wait(name: string): { promise: Promise<void>; cancel: () => void } {
    const supervisor = this.#supervisor;
    let fail: (error: HoldfastError) => void = () => undefined;
    const failed = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    // The error takes a moment, for the last output; what was settled by then is only the way back.
    let failing = false;
    const listener = (fact: SupervisorFact) => {
      if (fact.app.name === name && this.#judge(fact, fail)) failing = true;
    };
    this.#listeners.add(listener);
    // One turn later, when the wish has been given to the supervisor.
    const isSettled = () => {
      const app = supervisor.app(name);
      if (failing || !app || app.isSettled) return true;
      const blocker = app.waitsFor;
      if (blocker?.hopeless) throw waitsInVain(name, blocker);
      return false;
    };
    const settled = Promise.resolve()
      .then(() => supervisor.until(isSettled))
      .then(() => (failing ? failed : undefined));
    return { promise: Promise.race([settled, failed]), cancel: () => this.#listeners.delete(listener) };
  }

  /** Whether this means that the wish will not come true; then `fail` is called, at once or soon. */
  #judge(fact: SupervisorFact, fail: (error: HoldfastError) => void): boolean {
    // It shall end: nothing that goes wrong on the way is a failure.
    if (fact.app.desired.wanted === 0) return false;
    if (fact.kind === 'rollout' && fact.fact.type === 'failed') {
      const { instance, reason } = fact.fact;
      this.#failWith('ROLLOUT_FAILED', `The new ${instance.id} did not get ready: ${reason}`, instance, fail);
      return true;
    }
    if (fact.kind !== 'instance' || !fact.app.current.includes(fact.instance)) return false;
    const { instance, app } = fact;
    if (instance.generation !== app.desired.generation) return false;
    if (fact.fact.type !== 'crashed' && fact.fact.type !== 'spawnFailed') return false;
    // How a run of a job ends is no matter of the wish.
    if (instance.plan.job !== null) return false;
    // It found a port taken by the first one, of which nobody knew; next time it inherits the socket.
    if (this.#isUnequipped(instance)) return false;
    const message = `${instance.id} did not start: ${fact.fact.reason}`;
    if (fact.fact.type === 'spawnFailed')
      fail(new HoldfastError('START_FAILED', message, { hint: neverBegun(app.name) }));
    else this.#failWith('START_FAILED', message, instance, fail);
    return true;
  }

  #failWith(
    code: 'ROLLOUT_FAILED' | 'START_FAILED',
    message: string,
    instance: Instance,
    fail: (error: HoldfastError) => void,
  ): void {
    const { key } = instance;
    const outputs = this.#outputs;
    const report = () => {
      const lines = outputs.lastLines(key);
      const { diagnosis, advice } = diagnosisOf(instance, lines);
      const details = telling(lines).map(
        ({ stream, text }) => `${stream === 'err' ? 'err' : 'out'} | ${text}`,
      );
      const start = code === 'ROLLOUT_FAILED' ? 'The old instances still serve. ' : '';
      const hint = advice === null ? {} : { hint: start + advice };
      fail(
        new HoldfastError(code, diagnosis === null ? message : `${message}: ${diagnosis}`, {
          details,
          ...hint,
        }),
      );
    };
    // It may have been ended for not getting ready: what it said up to now is what there is to say.
    if (instance.running) report();
    else void outputs.ended(key).then(report);
  }
}

/** There is no process, and so neither output nor a crash record. */
function neverBegun(name: string): string {
  return `It is tried again, slower and slower; \`hold delete ${name}\` gives it up`;
}

/** What can be seen from its output alone: the crash record, which comes later, knows more. */
function diagnosisOf({ plan, lastExit, machine }: Instance, output: readonly OutputLine[]): Diagnosis {
  return diagnose({
    plan,
    output,
    exit: lastExit ?? unknownExit,
    cause: machine.reason ?? '',
    report: null,
    blocked: null,
    notReady: null,
    reachedLimit: false,
    kernelKill: () => null,
    portOwner,
  });
}

/** From the last error on, which a long stack would push out of sight; else the last lines. */
function telling(lines: readonly OutputLine[]): readonly OutputLine[] {
  const texts = lines.map(({ text }) => text);
  const headline = lastStack(texts)?.headline;
  const at = headline === undefined ? -1 : texts.findLastIndex((text) => text.includes(headline));
  return at === -1 ? lines.slice(-SHOWN_LINES) : lines.slice(at, at + SHOWN_LINES);
}
