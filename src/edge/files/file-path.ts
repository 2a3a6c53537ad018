/** From the path of a request to the place of a file below a directory, or to nowhere. Pure. */

/** The one name with a dot in front that is for others (RFC 8615). */
const WELL_KNOWN = '.well-known';

/**
 * The names of the directories and of the file, in order; an empty last one stands for a directory. Undefined when the path cannot
 * be one of a file: a broken escape, an empty name within, a slash, backslash or control character however it is
 * written, `..`, and every name that begins with a dot.
 *
 * @param rest what is left of a canonical path behind the prefix of its route, from the slash on
 */
export function fileSegments(rest: string): string[] | undefined {
  const segments = [];
  if (!rest.startsWith('/')) return undefined;
  const parts = rest.slice(1).split('/');
  for (const [i, part] of parts.entries()) {
    const name = decoded(part);
    if (name === undefined) return undefined;
    if (name === '' && i < parts.length - 1) return undefined;
    if (name.startsWith('.') && !(i === 0 && name === WELL_KNOWN)) return undefined;
    segments.push(name);
  }
  return segments;
}

function decoded(part: string): string | undefined {
  let name = part;
  if (part.includes('%')) {
    try {
      name = decodeURIComponent(part);
    } catch {
      return undefined;
    }
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /[/\\\x00-\x1f\x7f]/.test(name) || Buffer.byteLength(name) > 255 ? undefined : name;
}

/** A real path below a real root is to be served: not hidden, wherever a symbolic link has led. */
export function isShown(root: string, path: string): boolean {
  const above = root.endsWith('/') ? root : `${root}/`;
  if (!path.startsWith(above)) return false;
  const names = path.slice(above.length).split('/');
  return names.every((name, i) => !name.startsWith('.') || (i === 0 && name === WELL_KNOWN));
}
