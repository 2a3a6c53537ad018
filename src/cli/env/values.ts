/** Where values of variables come from: a terminal that does not show them, or stdin. Never the command line, which others can read. */
import { parseEnvFile } from '../../config/env-file.ts';
import { variableNameProblem } from '../../config/name-rules.ts';
import { HoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';

/** What is larger was read by mistake; the kernel takes 128 KB for one variable, see execve(2). */
const LARGEST_VALUE = 100 * 1024;
const LARGEST_INPUT = 1024 * 1024;
const ESCAPE = '\x1b';

/** @throws HoldfastError USAGE, which repeats nothing of a value that was typed here */
export function checkNames(names: readonly string[]): void {
  for (const typed of names) {
    const [name = ''] = typed.split('=', 1);
    if (name !== typed) {
      throw new HoldfastError('USAGE', `Name the variable alone: got "${name}=" with a value behind it`, {
        hint: `Run \`hold env set ${name}\`, which asks for the value. What is typed in a command can be read by others, and stays in the history of the shell`,
      });
    }
    const problem = variableNameProblem(name) ?? odd(name);
    if (problem !== undefined)
      throw new HoldfastError('USAGE', `Cannot use "${name}" as a variable: ${problem}`);
  }
}

/** Stricter than what the system takes: such names neither shells nor .env files can have. */
function odd(name: string): string | undefined {
  return /^[A-Za-z_][\w.-]*$/.test(name)
    ? undefined
    : 'a name has letters, digits, "_", "." and "-", and begins with a letter or "_"';
}

/** A value for each name: asked for on a terminal, else the whole of stdin for one name. */
export async function askValues(context: Context, names: readonly string[]): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  if (context.stdin.isTTY) {
    // From before the first question to after the last answer: what is typed in between is shown otherwise.
    context.stdin.setRawMode(true);
    try {
      for (const name of names) values[name] = givenValue(name, await promptHidden(context, `${name}: `));
      return values;
    } finally {
      context.stdin.setRawMode(false);
    }
  }
  const [name, ...more] = names;
  if (name === undefined || more.length > 0) {
    throw new HoldfastError('USAGE', 'Cannot read several values from stdin: name one variable', {
      hint: 'With `--stdin` and no names, stdin has lines of KEY=VALUE',
    });
  }
  return { [name]: givenValue(name, (await readAll(context)).replace(/\r?\n$/, '')) };
}

/** Lines of KEY=VALUE, as in a .env file. @param from what to call it in messages */
export function valuesIn(text: string, from: string): Record<string, string> {
  const { values, problems } = parseEnvFile(text);
  const [first] = problems;
  if (first) throw new HoldfastError('USAGE', `Cannot use ${from}: line ${first.line} ${first.text}`);
  const names = Object.keys(values);
  if (names.length === 0) throw new HoldfastError('USAGE', `Cannot use ${from}: there is no KEY=VALUE in it`);
  checkNames(names);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, checkedValue(name, value)]));
}

/** As `valuesIn` reads them. */
export function printValues(values: Readonly<Record<string, string>>): string {
  const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  const quoted = (value: string) =>
    `"${value.replaceAll(/["\\$]/g, '\\$&').replaceAll(/[\n\r\t]/g, (one) => escapes[one] ?? one)}"`;
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('');
}

/** All of stdin. */
export async function readAll({ stdin }: Context): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > LARGEST_INPUT)
      throw new HoldfastError('USAGE', `Cannot use what comes from stdin: it has more than 1 MB`);
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** One that was meant to be given: empty, it is most often a mistake, such as a variable of the shell that is not set. */
function givenValue(name: string, value: string): string {
  if (value !== '') return checkedValue(name, value);
  throw new HoldfastError('USAGE', `Cannot set "${name}": the value is empty`, {
    hint: `An empty value on purpose: \`echo ${name}= | hold env set --stdin\``,
  });
}

function checkedValue(name: string, value: string): string {
  if (value.includes('\0'))
    throw new HoldfastError(
      'USAGE',
      `Cannot set "${name}": the value holds a zero byte, which no variable can`,
    );
  if (Buffer.byteLength(value) > LARGEST_VALUE)
    throw new HoldfastError(
      'USAGE',
      `Cannot set "${name}": the value has more than ${LARGEST_VALUE / 1024} KB`,
    );
  return value;
}

/** One line, typed on a terminal that shows nothing of it. */
async function promptHidden({ stdin, err, signal }: Context, question: string): Promise<string> {
  err.stream.write(question);
  stdin.setEncoding('utf8').resume();
  try {
    return await new Promise<string>((resolve, reject) => {
      const typing = new Typing();
      const stop = (action: () => void) => {
        stdin.off('data', onData);
        signal.removeEventListener('abort', onAbort);
        action();
      };
      const onAbort = () => stop(() => reject(interrupted()));
      const onData = (text: string) => {
        const ended = typing.take(text);
        if (ended === 'done') stop(() => resolve(typing.line));
        if (ended === 'interrupted') stop(() => reject(interrupted()));
        if (ended === 'lines') stop(() => reject(severalLines()));
      };
      stdin.on('data', onData);
      signal.addEventListener('abort', onAbort);
    });
  } finally {
    stdin.pause();
    err.stream.write('\n');
  }
}

function severalLines(): HoldfastError {
  return new HoldfastError('USAGE', 'Nothing was changed: the value has several lines', {
    hint: 'Give it on stdin: `hold env set KEY < file`',
  });
}

function interrupted(): HoldfastError {
  return new HoldfastError('USAGE', 'Nothing was changed: the value was not given');
}

/** Escape sequences, see console_codes(4). */
const KEYS = new RegExp(`${ESCAPE}(?:\\[[0-9;?]*[ -/]*[@-~]|O.|.)?`, 'g');

/** What a terminal does with the keys when it does not do it itself, see termios(3). */
export class Typing {
  line = '';

  /** `lines`: there is more behind the first line, as when a key file is pasted. */
  take(text: string): 'done' | 'interrupted' | 'lines' | 'more' {
    // Keys such as arrows, and what frames a pasted text.
    const typed = text.replace(KEYS, '');
    for (const [index, key] of [...typed].entries()) {
      if (key === '\r' || key === '\n' || key === '\x04')
        return [...typed]
          .slice(index + 1)
          .join('')
          .trim() === ''
          ? 'done'
          : 'lines';
      if (key === '\x03') return 'interrupted';
      if (key === '\x7f' || key === '\b') this.line = [...this.line].slice(0, -1).join('');
      else if (key === '\x15') this.line = '';
      else if (key >= ' ' || key === '\t') this.line += key;
    }
    return 'more';
  }
}
