/** `release.migrate`: once per deploy, as the first app would run, in the directory of the release, before any instance of it does. */
import type { Plan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import { oneOff } from './one-off.ts';
import { runProgram } from './run-program.ts';
import type { StepOutput } from './step-output.ts';

export interface MigrationOptions {
  readonly plan: Plan;
  /** `release.migrate` */
  readonly words: readonly string[];
  /** The id of the release. */
  readonly release: string;
  /** Directory of its record. */
  readonly records: string;
  readonly signal: AbortSignal;
  readonly output: StepOutput;
}

/** @throws HoldfastError STEP_FAILED with the last lines of its output */
export async function migrate({
  plan,
  words,
  release,
  records,
  signal,
  output,
}: MigrationOptions): Promise<void> {
  const [app] = Object.values(plan.apps);
  if (!app) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      'release.migrate needs an app: it runs with the environment of the first one',
    );
  }
  const say = (line: string) => output.say(line);
  const spec = oneOff(app, words, { HOLDFAST_RELEASE: release });
  say(`$ ${words.join(' ')}`);
  await runProgram({ ...spec, words: words.join(' '), records, signal, onOut: say, onErr: say });
}
