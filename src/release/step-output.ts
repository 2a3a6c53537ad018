/** The output of a step: in a file beside the release's record, and told to whoever looks on. Without the values of secret variables. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { asHoldfastError } from '../errors.ts';
import { masked } from './build-env.ts';
import type { ReleasePaths } from './paths.ts';

export interface StepOutputOptions {
  /** Directory of the release's record. */
  readonly records: string;
  /** Variables, and the names of those whose values are written nowhere. */
  readonly env: Readonly<Record<string, string>>;
  readonly secret: readonly string[];
  readonly onLine: (line: string) => void;
}

export class StepOutput {
  readonly #options: StepOutputOptions;
  #file: number | null = null;

  constructor(options: StepOutputOptions) {
    this.#options = options;
  }

  /** From now on it is the output of this step. */
  begin(step: string): void {
    this.end();
    this.#file = openSync(join(this.#options.records, `${step}.log`), 'a', 0o600);
  }

  end(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  say(line: string): void {
    const text = this.mask(line);
    this.#keep(text);
    this.#options.onLine(text);
  }

  /** What cannot be kept, as on a full disk, is told all the same, and no reason to leave what runs alone. */
  #keep(text: string): void {
    if (this.#file === null) return;
    try {
      writeSync(this.#file, `${text}\n`);
    } catch (error) {
      this.end();
      this.#options.onLine(
        `From here on the log of this step is not complete: ${asHoldfastError(error).message}`,
      );
    }
  }

  mask(text: string): string {
    const { env, secret } = this.#options;
    return masked(text, env, secret);
  }
}

/** What a step of a release has said, the oldest line first; empty when it said nothing. */
export function stepOutput({ records }: Pick<ReleasePaths, 'records'>, id: string, step: string): string[] {
  if (!/^[a-z]+$/.test(step)) return [];
  try {
    return readFileSync(join(records, id, `${step}.log`), 'utf8')
      .trimEnd()
      .split('\n');
  } catch {
    return [];
  }
}
