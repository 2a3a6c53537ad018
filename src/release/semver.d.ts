/** What is used of the package `semver`, which brings no types. */
declare module 'semver' {
  /** The version in a canonical form; null when it is none. */
  export function valid(version: string): string | null;
  /** The range in a canonical form; null when it is none. */
  export function validRange(range: string): string | null;
  export function satisfies(version: string, range: string): boolean;
  export function maxSatisfying(versions: readonly string[], range: string): string | null;
  export function gt(a: string, b: string): boolean;
  export function rcompare(a: string, b: string): -1 | 0 | 1;
  export function major(version: string): number;
}
