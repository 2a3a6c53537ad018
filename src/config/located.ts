/** What reading a configuration file gives: its value, and where in the file things are. */
import type { Problem } from './problems.ts';

export interface Located {
  readonly value: unknown;
  /** The line, from 1, of what stands at a path; undefined when that is not known, as for a module. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | undefined;
  /** Mistakes that leave the file readable, such as a setting that is there twice. */
  readonly problems: readonly Problem[];
}

/** The text does not follow the rules of its format. */
export class SyntaxProblem extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, text: string, offset: number) {
    super(message);
    const before = text.slice(0, offset).split('\n');
    this.line = before.length;
    this.column = (before.at(-1)?.length ?? 0) + 1;
  }
}

/** One text per path, for looking lines up. */
export function pathKey(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

/** The line of the nearest thing that is in the file: a setting that is missing is shown where it would belong. */
export function lineFinder(lines: ReadonlyMap<string, number>): Located['lineOf'] {
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const line = lines.get(pathKey(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return undefined;
  };
}
