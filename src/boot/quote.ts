/** Words as the different files want them. */

/** One word for sh(1). Plain words stay as they are, so that files are readable. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** One word of a command line in a unit file, systemd.service(5): `%` and `$` mean something there. */
export function systemdQuote(word: string): string {
  const safe = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(word) ? safe : `"${safe.replace(/["\\]/g, '\\$&')}"`;
}

export function xmlEscape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
