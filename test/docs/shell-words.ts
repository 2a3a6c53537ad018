/** Command lines as a shell cuts them, without running anything: enough of POSIX for what people write into documentation. */

export interface SimpleCommand {
  /** Line within the text, from 0. */
  readonly line: number;
  /** Without quotes, redirections and assignments before it. */
  readonly words: readonly string[];
}

/** @throws Error with what is wrong, such as a quote that is not closed */
export function simpleCommands(text: string): SimpleCommand[] {
  return text
    .replaceAll(/<([a-z][a-z -]*)>/g, (_all, name: string) => name.replaceAll(' ', '-')) // <file> stands for a file
    .replaceAll(/\\\n/g, '\\ ') // a continued line
    .split('\n')
    .flatMap((line, index) => commandsOfLine(line).map((words) => ({ line: index, words })));
}

function commandsOfLine(line: string): string[][] {
  const commands: string[][] = [];
  let words: string[] = [];
  let skipsNext = false;
  const end = (): void => {
    const first = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
    if (first >= 0) commands.push(words.slice(first));
    words = [];
  };
  for (const { text, operator } of tokens(line)) {
    if (operator && /[<>]/.test(text)) skipsNext = true;
    else if (operator) end();
    else if (skipsNext) skipsNext = false;
    else words.push(text);
  }
  end();
  return commands;
}

function* tokens(line: string): Generator<{ text: string; operator: boolean }> {
  let word: string | null = null;
  let at = 0;
  while (at < line.length) {
    const rest = line.slice(at);
    const char = line.charAt(at);
    const operator = /^(?:\d?>>?(?:&\d?)?|<|\|\|?|&&?|;)/.exec(
      word === null ? rest : rest.replace(/^\d/, 'x'),
    )?.[0];
    if (char === '#' && word === null) break;
    if (operator || /\s/.test(char)) {
      if (word !== null) yield { text: word, operator: false };
      word = null;
      if (operator && !/&\d$/.test(operator)) yield { text: operator, operator: true };
      at += operator?.length ?? 1;
    } else if (char === "'" || char === '"') {
      const [all, inner = ''] = (char === "'" ? /^'([^']*)'/ : /^"((?:\\.|[^"\\])*)"/).exec(rest) ?? [];
      if (all === undefined) throw new Error(`The quote ${char} is not closed`);
      word = (word ?? '') + inner;
      at += all.length;
    } else if (rest.startsWith('$(')) {
      const close = rest.indexOf(')');
      if (close < 0) throw new Error('"$(" is not closed');
      word = (word ?? '') + rest.slice(0, close + 1);
      at += close + 1;
    } else if (char === '\\') {
      word = (word ?? '') + line.charAt(at + 1).trim();
      at += 2;
    } else {
      word = (word ?? '') + char;
      at += 1;
    }
  }
  if (word !== null) yield { text: word, operator: false };
}
