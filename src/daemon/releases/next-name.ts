/** What instances of a release are called while the release before still serves: `web@next`. No app of a user can be called so. */
const SUFFIX = '@next';

export function nextName(app: string): string {
  return `${app}${SUFFIX}`;
}

export function isNext(name: string): boolean {
  return name.length > SUFFIX.length && name.endsWith(SUFFIX);
}

/** In a text for people, who know it by the name of the app: `web@next.0 did not start` is `web did not start`. */
export function withoutNext(text: string): string {
  return text.replace(/@next(\.\d+)?(?!\.?[\w@-])/g, '');
}

/** `web` for `web@next`, and for `web`. */
export function baseName(name: string): string {
  return isNext(name) ? name.slice(0, -SUFFIX.length) : name;
}
