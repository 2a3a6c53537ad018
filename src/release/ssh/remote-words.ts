/**
 * A command for another machine. ssh(1) sends words joined by blanks, and the login shell of the user there reads them again: so each of
 * them is quoted for it, whichever it is.
 */
import { HoldfastError } from '../../errors.ts';

/** @throws HoldfastError USAGE for a word with a NUL or a line break in it, which not every shell takes */
export function remoteCommand(words: readonly string[]): string {
  return words.map(remoteWord).join(' ');
}

function remoteWord(word: string): string {
  if (/[\0\n\r]/.test(word))
    throw new HoldfastError(
      'USAGE',
      `Cannot send ${JSON.stringify(word)} to a host: it has a line break in it`,
    );
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(word)) return word;
  // Backslashes outside of the quotes: within them they mean something to fish, and nothing to sh.
  return `'${word.replaceAll(/['\\]/g, (one) => `'\\${one}'`)}'`;
}

/** `~/bin/holdfast` as a path from where commands of ssh begin, which is the home directory: quoted, a `~` would be just a letter. */
export function fromRemoteHome(path: string): string {
  return path.replace(/^~\//, './');
}
