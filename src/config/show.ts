/** How messages print what they found and where. */

const longest = 60;

/** A value as a message quotes it. Never throws, whatever a config file produced. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    if (value.length <= longest) return JSON.stringify(value);
    // Of a path the end says which file it is.
    return JSON.stringify(
      /^\/[^\s]*$/.test(value) ? `…${value.slice(-longest)}` : `${value.slice(0, longest)}…`,
    );
  }
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A path the way one would write it in JavaScript: `apps.web.stop`, `sites["example.com"]`, `edge.trust[0]`. */
export function showPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w-]+$/.test(String(step))) text += text === '' ? String(step) : `.${String(step)}`;
    else text += `[${JSON.stringify(String(step))}]`;
  }
  return text;
}

/** `"a", "b" or "c"`. */
export function showList(values: readonly (string | number)[], last: 'or' | 'and'): string {
  const shown = values.map((value) => JSON.stringify(value));
  if (shown.length < 2) return shown.join('');
  return `${shown.slice(0, -1).join(', ')} ${last} ${shown.at(-1)}`;
}
