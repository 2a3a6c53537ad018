/** What differs between the packages of two releases. Pure. */
import type { LockedPackage } from '../seams.ts';

export interface LockfileDiff {
  /** Not in the one before in this version, or from elsewhere. */
  readonly added: readonly LockedPackage[];
  readonly removed: readonly LockedPackage[];
  /** Of a name that was there without an install script, and has one now. */
  readonly gainedScript: readonly LockedPackage[];
}

export function diffLockfiles(
  before: readonly LockedPackage[],
  after: readonly LockedPackage[],
): LockfileDiff {
  const old = new Set(before.map(keyOf));
  const now = new Set(after.map(keyOf));
  const added = after.filter((one) => one.from !== 'workspace' && !old.has(keyOf(one)));
  const hadScript = new Map<string, boolean>();
  for (const { name, hasInstallScript } of before) {
    hadScript.set(name, (hadScript.get(name) ?? false) || hasInstallScript !== false);
  }
  return {
    added,
    removed: before.filter((one) => one.from !== 'workspace' && !now.has(keyOf(one))),
    gainedScript: added.filter((one) => one.hasInstallScript === true && hadScript.get(one.name) === false),
  };
}

/** Of a registry it is the content that counts, not from which mirror it came. */
function keyOf({ name, version, from, resolved, integrity }: LockedPackage): string {
  return JSON.stringify([name, version, from, from === 'registry' ? integrity : resolved]);
}
