/** Clean-up in the reverse order of set-up: what was made last goes first, whatever went wrong before. */

/** The part of node:test's context that helpers need. */
export interface Test {
  after(hook: () => Promise<void>): void;
  skip(message?: string): void;
}

type Step = () => unknown;

const stacks = new WeakMap<Test, Step[]>();

/** Runs `step` when the test is over, before the steps that were registered earlier. All of them run, even if one fails. */
export function cleanup(t: Test, step: Step): void {
  const known = stacks.get(t);
  if (known) {
    known.push(step);
    return;
  }
  const steps = [step];
  stacks.set(t, steps);
  t.after(() => runAll(steps));
}

async function runAll(steps: Step[]): Promise<void> {
  const errors: unknown[] = [];
  for (let step = steps.pop(); step; step = steps.pop()) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('\n'));
}
