import type { Test } from './cleanup.ts';

/** A test that is over when we say so: for the tests of the helpers themselves. */
export class OwnTest implements Test {
  skipped: string | undefined;
  readonly #hooks: (() => Promise<void>)[] = [];

  after(hook: () => Promise<void>): void {
    this.#hooks.push(hook);
  }

  skip(message?: string): void {
    this.skipped = message;
  }

  async end(): Promise<void> {
    for (const hook of this.#hooks) await hook();
  }
}
