/** What people must know who go on with an imported configuration. */
import { basename } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { FrontDirective } from './front-tree.ts';

export class FrontNotes {
  readonly #texts: string[] = [];

  /** About a line of a file. */
  add({ file, line }: Pick<FrontDirective, 'file' | 'line'>, text: string): void {
    this.say(`${basename(file)}:${line}: ${text}`);
  }

  say(text: string): void {
    this.#texts.push(text);
  }

  get texts(): readonly string[] {
    return this.#texts;
  }
}

/** @param notes what was found instead */
export function noRoutes(file: string, example: string, notes: readonly string[]): HoldfastError {
  return new HoldfastError(
    'IMPORT_INVALID',
    `${file} has no site that can be taken over: it must have "${example}"`,
    { details: notes },
  );
}
