/**
 * One canonical form of a path, by which requests are routed and which the app gets: a path that the edge and the
 * app could read differently is refused.
 */
import { PATH, QUERY } from './characters.ts';

export interface CanonicalTarget {
  readonly path: string;
  /** With its `?`, or empty; passed on as it came. */
  readonly query: string;
}

const PERCENT = 37;
const DOT = 46;
const SLASH = 47;
const QUESTION = 63;

/**
 * The canonical form of an origin-form target (RFC 9112 section 3.2.1), or undefined when it is refused: a byte that
 * belongs nowhere, a broken escape, `%00`, or a dot segment however it is written (`/../`, `%2e%2e`, `..%2f`,
 * `..;`). Escapes of unreserved characters are undone, the others get upper-case digits (RFC 3986 section 6.2.2); an
 * escaped slash stays escaped, doubled slashes stay doubled.
 */
export function canonicalTarget(raw: string): CanonicalTarget | undefined {
  if (raw.charCodeAt(0) !== SLASH) return undefined;
  let plain = true;
  let i = 0;
  let before = 0;
  let code = SLASH;
  while (i < raw.length) {
    code = raw.charCodeAt(i);
    if (PATH[code] !== 1) break;
    if (code === PERCENT || (code === DOT && before === SLASH)) plain = false;
    before = code;
    i++;
  }
  if (i < raw.length && code !== QUESTION) return undefined;
  for (let q = i + 1; q < raw.length; q++) if (QUERY[raw.charCodeAt(q)] !== 1) return undefined;
  const path = plain ? raw.slice(0, i) : canonicalPath(raw.slice(0, i));
  return path === undefined ? undefined : { path, query: raw.slice(i) };
}

function canonicalPath(raw: string): string | undefined {
  let refused = false;
  const path = raw.replace(/%(?:[0-9A-Fa-f]{2})?/g, (triplet) => {
    if (triplet.length !== 3 || triplet === '%00') refused = true;
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : triplet.toUpperCase();
  });
  return refused || path.split(/\/|%2F|%5C/).some(isDotSegment) ? undefined : path;
}

/** `.` and `..`, also with parameters, which some servers cut off before they look. */
function isDotSegment(segment: string): boolean {
  return /^\.\.?(?:;|%3B|$)/.test(segment);
}
