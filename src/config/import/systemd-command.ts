/** ExecStart= as `run`: prefixes, words, specifiers, variables, see systemd.service(5) "Command lines". */
import { basename } from 'node:path';
import { runOf } from './imported.ts';
import { splitUnitWords, type UnitWord } from './systemd-unit.ts';

export interface UnitCommand {
  readonly run: string | readonly string[];
  readonly notes: readonly string[];
}

const prefixMeanings: Readonly<Record<string, string>> = {
  '-': 'a failure counts as success there, which cannot be said here',
  '@': 'its second word is the name that the process gets there, and was left out',
  ':': 'no variables are replaced in it',
  '+': 'it runs with full privileges there, here as the user of the app',
  '!': 'it runs with other privileges there, here as the user of the app',
  '|': 'it runs in the login shell of the user there',
};

/** undefined when there are no words in it. `variables`: what Environment= sets. */
export function unitCommand(
  value: string,
  variables: Readonly<Record<string, string>>,
): UnitCommand | undefined {
  const prefixes = /^[-@:+!|]*/.exec(value)?.[0] ?? '';
  const all = splitUnitWords(value.slice(prefixes.length));
  if (!all || all.length === 0) return undefined;
  const notes = [...new Set(prefixes)].map(
    (prefix) => `ExecStart begins with "${prefix}": ${prefixMeanings[prefix]}`,
  );
  const words = prefixes.includes('@') ? all.filter((_, index) => index !== 1) : all;
  const semicolon = words.findIndex(({ text, bare }) => bare && text === ';');
  if (semicolon > 0) notes.push('ExecStart has several commands (";"): only the first was taken');
  const command = semicolon > 0 ? words.slice(0, semicolon) : words;
  const [program, ...others] = command.map((word) =>
    replaced(word, prefixes.includes(':') ? null : variables),
  );
  if (!program) return undefined;
  const line = [program, ...others];
  if (line.some(({ unknown }) => unknown.length > 0)) return throughShell(command, line, notes);
  const filled = [...new Set(line.flatMap(({ known }) => known))];
  if (filled.length > 0)
    notes.push(`the value of ${namesOf(filled)} was written into run, and does not follow env from now on`);
  const texts = line.flatMap(({ texts }) => texts);
  if (/^(node|nodejs)$/.test(basename(texts[0] ?? '')) && texts[0] !== 'node') {
    notes.push(
      `it runs with the Node that runs Holdfast instead of "${texts[0]}"; write that path and guest: false to have it so`,
    );
    texts[0] = 'node';
  }
  return { run: runOf(texts), notes };
}

interface Replaced {
  /** Several, or none, when the word is `$NAME` alone. */
  readonly texts: readonly string[];
  /** Variables whose value is in it now. */
  readonly known: readonly string[];
  /** Variables whose value nobody knows here. */
  readonly unknown: readonly string[];
}

/** `variables` null: nothing is replaced. PORT stays for Holdfast. */
function replaced({ text, bare }: UnitWord, variables: Readonly<Record<string, string>> | null): Replaced {
  if (!variables) return { texts: [text], known: [], unknown: [] };
  const known: string[] = [];
  const unknown: string[] = [];
  const knownValue = (name: string, asWritten: string): string => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    // Holdfast fills it in itself.
    if (name === 'PORT' && value !== undefined) return asWritten;
    (value === undefined ? unknown : known).push(name);
    return value ?? asWritten;
  };
  const alone = bare ? /^\$([A-Za-z_]\w*)$/.exec(text)?.[1] : undefined;
  if (alone !== undefined) {
    const value = knownValue(alone, text);
    return { texts: value.split(/\s+/).filter((word) => word !== ''), known, unknown };
  }
  const whole = text.replace(/\$\$|\$\{([A-Za-z_]\w*)\}/g, (match, name?: string) =>
    name === undefined ? '$' : knownValue(name, match),
  );
  return { texts: [whole], known, unknown };
}

/** Variables that are known only when it starts: a shell that becomes the program fills them in, as systemd does. */
function throughShell(words: readonly UnitWord[], read: readonly Replaced[], notes: string[]): UnitCommand {
  const names = [...new Set(read.flatMap(({ unknown }) => unknown))];
  const line = words.map(({ text, bare }) => shellWord(text, bare)).join(' ');
  return {
    run: ['sh', '-c', `exec ${line}`],
    notes: [
      ...notes,
      `a shell fills in ${namesOf(names)}, so it runs without the guest; with the values written in run it would have it`,
    ],
  };
}

function namesOf(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

function shellWord(text: string, bare: boolean): string {
  if (bare && /^\$[A-Za-z_]\w*$/.test(text)) return text;
  return text
    .split(/(\$\{[A-Za-z_]\w*\})/)
    .map((part, index) => {
      if (index % 2 === 1) return `"${part}"`;
      if (part === '') return '';
      const literal = part.replaceAll('$$', '$');
      return /^[\w@%+=:,./-]+$/.test(literal) ? literal : `'${literal.replaceAll("'", "'\\''")}'`;
    })
    .join('');
}
