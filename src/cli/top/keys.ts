/** Keys of the live view, by the names that node:readline gives them. */

/** A named key (`up`, `return`, `ctrl-c`), or the character that was typed. */
export type Key = string;

/** What `keypress` of node:readline tells beside the text. */
export interface Keypress {
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
}

/** undefined for what means nothing here. */
export function keyOf(text: string | undefined, { name, ctrl, meta }: Keypress): Key | undefined {
  if (ctrl && name !== undefined) return `ctrl-${name}`;
  if (name !== undefined && named.has(name)) return aliases[name] ?? name;
  if (meta || text === undefined) return undefined;
  return printable.test(text) ? text : undefined;
}

const named = new Set([
  ...['up', 'down', 'left', 'right', 'pageup', 'pagedown', 'home', 'end'],
  ...['return', 'enter', 'escape', 'backspace'],
]);
const aliases: Readonly<Record<string, Key>> = { enter: 'return' };
const printable = /^[^\p{Cc}\p{Cs}]$/u;
