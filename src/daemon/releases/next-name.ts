/** What instances of a release are called while the release before still serves: `web@next`. No app of a user can be called so. */
const SUFFIX = '@next';

export function nextName(app: string): string {
  return `${app}${SUFFIX}`;
}

export function isNext(name: string): boolean {
  return name.length > SUFFIX.length && name.endsWith(SUFFIX);
}

/** `web` for `web@next`, and for `web`. */
export function baseName(name: string): string {
  return isNext(name) ? name.slice(0, -SUFFIX.length) : name;
}
