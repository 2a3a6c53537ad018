/** Redirects and rewrites: which rule is for a path, and where it leads. Pure. */
import type { PathRule } from '../../protocol/site-content.ts';

/** The first rule for a canonical path, and the path or address that it leads to. */
export function follow<R extends PathRule>(
  rules: readonly R[],
  path: string,
): { readonly rule: R; readonly to: string } | undefined {
  for (const rule of rules) {
    const rest = restOf(rule, path);
    if (rest === undefined) continue;
    return { rule, to: plain(rule.toBelow ? rule.to + rest : rule.to) };
  }
  return undefined;
}

/** What comes below the rule's own path. */
function restOf({ from, below }: PathRule, path: string): string | undefined {
  if (path === from) return '';
  if (!below) return undefined;
  if (path.startsWith(from)) return path.slice(from.length);
  return path.length === from.length - 1 && from.startsWith(path) ? '' : undefined;
}

/** `//host/` would be an address elsewhere, which the client could choose. */
function plain(to: string): string {
  return to.startsWith('/') ? to.replace(/^[/\\]+/, '/') : to;
}

/** Adds the query of the request, unless the rule has one of its own. */
export function withQuery(to: string, query: string): string {
  return to.includes('?') || query === '' ? to : to.replace(/(?=#|$)/, query);
}
