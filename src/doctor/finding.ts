/** What a linter finds in the configuration of a front. */
import type { FrontDirective } from '../config/import/front-tree.ts';

/** `bad`: it fails, or others can abuse it. `warn`: it costs, or fails one day. `note`: good to know, and nothing is wrong. */
export type Severity = 'bad' | 'warn' | 'note';

export interface Finding {
  /** Its name, which stays the same. */
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  readonly line: number;
  /** What happens because of it; one plain sentence without a full stop. */
  readonly effect: string;
  /** Lines as they should be, or that are missing. */
  readonly instead: readonly string[];
}

export function finding(
  rule: string,
  severity: Severity,
  at: Pick<FrontDirective, 'file' | 'line'>,
  effect: string,
  ...instead: readonly string[]
): Finding {
  return { rule, severity, file: at.file, line: at.line, effect, instead };
}

/** In the order of the files, each thing once: what is inherited by ten locations is one mistake. */
export function sorted(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return [...findings]
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line))
    .filter(({ rule, file, line }) => {
      const key = JSON.stringify([rule, file, line]);
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}
