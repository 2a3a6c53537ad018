/** Words as the different files want them. Each of them makes one word, whatever is in it. */

/** One word for sh(1). Plain words stay as they are, so that files are readable. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** One word of a command line in a unit file, systemd.service(5): `%` and `$` mean something there. */
export function systemdQuote(word: string): string {
  return systemdWord(word.replaceAll('$', '$$$$'));
}

/** One word of another setting of a unit file, systemd.syntax(7): only `%` means something there. */
export function systemdWord(word: string): string {
  const safe = word.replaceAll('%', '%%');
  if (/^[\w@%+=:,./$-]+$/.test(word)) return safe;
  return `"${safe.replace(/["\\]/g, '\\$&').replace(CONTROL, hexEscape)}"`;
}

/** A line would end in the middle of a word. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is searched.
const CONTROL = /[\x00-\x1f\x7f]/g;

function hexEscape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

export function xmlEscape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
