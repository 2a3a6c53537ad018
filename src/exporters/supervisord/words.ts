/**
 * Words of supervisord.conf. Three readers come one after the other: Python's configparser (to which a space and `;` or `#` begin a
 * comment), formatting with `%`, and shlex, which cuts a command into words.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: Python's str.isspace().
const COMMENT = /([\s\x1c-\x1f\x85])(?=[;#])/g;

/** Whether it may go to the end of its line as it is. */
export function isPlainValue(text: string): boolean {
  return text.trim() === text && text !== '' && text.search(COMMENT) < 0 && !/[\0\n\r]/.test(text);
}

/** A value that goes to the end of its line, for which `isPlainValue` holds. */
export function plainValue(text: string): string {
  return text.replaceAll('%', '%%');
}

/** A word of `command`, without line ends. */
export function commandWord(word: string): string {
  if (/^[\w@+=:,./-]+$/.test(word)) return word;
  // The quotes end and begin again where a comment would.
  const quoted = word.replace(/["\\]/g, '\\$&').replace(COMMENT, '$1""');
  return `"${quoted}"`.replaceAll('%', '%%');
}

/** Whether it may stand in `environment`, where nothing can be escaped, and quotes are taken off both ends. */
export function isPlainVariable(value: string): boolean {
  return !/["'\0\n\r]/.test(value) && value.search(COMMENT) < 0;
}
