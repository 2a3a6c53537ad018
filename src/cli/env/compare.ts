/** What two environments differ in, without their values: each value comes as a fingerprint made with the same salt. Pure. */
import { createHmac } from 'node:crypto';
import type { Variable } from '../../vault/variables-file.ts';

/** What `hold env ls --json` tells of a variable. */
export interface VariableView extends Omit<Variable, 'value'> {
  /** Equal for equal values; only when a salt was given. */
  readonly fingerprint?: string;
}

export interface Difference {
  readonly name: string;
  readonly app: string | null;
  readonly kind: 'only-first' | 'only-second' | 'value';
}

export function viewsOf(variables: readonly Variable[], salt: string | null): VariableView[] {
  return variables
    .flatMap(({ value, ...about }): VariableView[] => {
      if (value === null) return [];
      return [salt === null ? about : { ...about, fingerprint: fingerprint(salt, value) }];
    })
    .sort((a, b) => order(a).localeCompare(order(b), 'en'));
}

/** Of no use to find the value by trying, as long as the salt is known to nobody else. */
function fingerprint(salt: string, value: string): string {
  return createHmac('sha256', salt).update(value).digest('base64url');
}

export function differences(first: readonly VariableView[], second: readonly VariableView[]): Difference[] {
  const theirs = new Map(second.map((one) => [order(one), one]));
  const mine = new Set(first.map(order));
  return [
    ...first.flatMap((one): Difference[] => {
      const other = theirs.get(order(one));
      if (other?.fingerprint === one.fingerprint) return [];
      return [{ name: one.name, app: one.app, kind: other ? 'value' : 'only-first' }];
    }),
    ...second
      .filter((one) => !mine.has(order(one)))
      .map(({ name, app }): Difference => ({ name, app, kind: 'only-second' })),
  ];
}

function order({ name, app }: Pick<Variable, 'name' | 'app'>): string {
  return `${name}\0${app ?? ''}`;
}
