/** Lines of sh(1) that become an app, for targets that have no words of their own for its environment and its secrets. Pure. */
import { shellQuote } from '../../kit/quote.ts';
import type { Service } from './service.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own.
const LINE_END = '${IFS#??}';

/** One word on one line, also with line ends in it: a file of lines must not end within a word. */
export function shellWord(word: string): string {
  return /[\n\r]/.test(word) ? printedWord(word) : shellQuote(word);
}

/** The same where the shell first splits a line at its blanks and looks for files, and then reads it (`eval $line`). */
export function evalWord(word: string): string {
  return /[\n\r\t*?[]| {2}/.test(word) ? printedWord(word, /[ \t*?[]/g) : shellWord(word);
}

/** @param octal what else must not be there as it is */
function printedWord(word: string, octal?: RegExp): string {
  const body = word.replace(/\n+$/, '');
  const format = body
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')
    .replaceAll("'", "'\\''")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replace(octal ?? /$^/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
  // The shell takes line ends from the end of what a command says; IFS is a space, a tab and a line end in every shell that begins.
  return `"$(printf '${format}')${LINE_END.repeat(word.length - body.length)}"`;
}

/** `export NAME=value`, for what may be read by everybody. */
export function exportLines(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `export ${name}=${shellWord(value)}`);
}

/** Reads what may not be. With `set -e` each ends the script when it cannot be read. @param envFile as `envFilePath` says */
export function secretLines({ env }: Service, envFile: string): string[] {
  return [
    ...(env.secret.length > 0 ? ['set -a', `. ${shellWord(envFile)}`, 'set +a'] : []),
    // Together with `export`, or before `&&`, a failure would not count.
    ...Object.entries(env.files).flatMap(([name, path]) => [
      `${name}=$(cat ${shellWord(path)})`,
      `export ${name}`,
    ]),
  ];
}

/** What has no path is looked up in the PATH of the app. */
export function execLine({ argv }: Service): string {
  return `exec ${argv.map(shellWord).join(' ')}`;
}
