/**
 * forever's command line: `[action] [options] SCRIPT [script-options]`. Options may stand before the action too; all that
 * follows the script belongs to the script.
 */
import { didYouMean } from '../../config/suggest.ts';
import { HoldfastError } from '../../errors.ts';

interface OptionFacts {
  readonly short?: string;
  /** It takes one. */
  readonly value: boolean;
  /** It may be given several times. */
  readonly many?: boolean;
}

const known = {
  max: { short: 'm', value: true },
  logFile: { short: 'l', value: true },
  outFile: { short: 'o', value: true },
  errFile: { short: 'e', value: true },
  path: { short: 'p', value: true },
  command: { short: 'c', value: true },
  number: { short: 'n', value: true },
  uid: { short: 'u', value: true },
  id: { value: true },
  pidFile: { value: true },
  sourceDir: { value: true },
  workingDir: { value: true },
  minUptime: { value: true },
  spinSleepTime: { value: true },
  killSignal: { value: true },
  watchDirectory: { value: true, many: true },
  watchIgnore: { value: true, many: true },
  append: { short: 'a', value: false },
  fifo: { short: 'f', value: false },
  killTree: { short: 't', value: false },
  silent: { short: 's', value: false },
  verbose: { short: 'v', value: false },
  watch: { short: 'w', value: false },
  debug: { short: 'd', value: false },
  colors: { value: false },
  plain: { value: false },
  help: { short: 'h', value: false },
  version: { value: false },
} as const satisfies Record<string, OptionFacts>;

type OptionName = keyof typeof known;

const options: Readonly<Record<OptionName, OptionFacts>> = known;
const names = Object.keys(known) as OptionName[];

/** Numbers are still texts here. */
export type OptionValues = Partial<Record<OptionName, string | boolean | readonly string[]>>;

export const actions = [
  'start',
  'stop',
  'end',
  'stopbypid',
  'stopall',
  'restart',
  'restartall',
  'list',
  'config',
  'set',
  'clear',
  'logs',
  'columns',
  'cleanlogs',
  'help',
] as const;

export type Action = (typeof actions)[number] | 'foreground';

export interface ForeverCommand {
  /** null: there is no word but options. */
  readonly action: Action | null;
  /** What the action is about: the script of `start` and of `foreground`, the target of `stop`. */
  readonly words: readonly string[];
  /** Behind the script. */
  readonly scriptArgs: readonly string[];
  readonly options: OptionValues;
}

/** @throws HoldfastError USAGE for an option that forever does not know, or one whose value is missing */
export function parseForever(argv: readonly string[]): ForeverCommand {
  const values: OptionValues = {};
  const words: string[] = [];
  let action: Action | null = null;
  let at = 0;
  while (at < argv.length) {
    const word = argv[at++] ?? '';
    if (/^-./.test(word)) {
      at += takeOption(word, argv[at], values);
      continue;
    }
    if (action === null) {
      const known = actions.find((name) => name === word);
      action = known ?? 'foreground';
      if (known !== undefined) continue;
    }
    words.push(word);
    if (action === 'start' || action === 'foreground') break;
  }
  return { action, words, scriptArgs: argv.slice(at), options: values };
}

/** How many of the following words belong to it. */
function takeOption(word: string, next: string | undefined, values: OptionValues): 0 | 1 {
  const long = /^--(no-)?([^=]+)(?:=(.*))?$/s.exec(word);
  if (long) {
    const [, no, text = '', value] = long;
    const name = names.find((each) => each === text);
    if (!name) throw unknown(word, text);
    if (no === undefined) return take(name, value, next, values);
    values[name] = false;
    return 0;
  }
  // `-as` is `-a -s`, and `-n5` is `-n 5`, as with most programs.
  const [letter = '', ...rest] = word.slice(1);
  const name = names.find((each) => options[each].short === letter);
  if (!name) throw unknown(word, letter);
  const joined = rest.join('').replace(/^=/, '');
  if (options[name].value) return take(name, joined === '' ? undefined : joined, next, values);
  values[name] = true;
  return joined === '' ? 0 : takeOption(`-${joined}`, next, values);
}

function take(
  name: OptionName,
  joined: string | undefined,
  next: string | undefined,
  values: OptionValues,
): 0 | 1 {
  const { value: takesValue, many } = options[name];
  if (!takesValue) {
    values[name] = joined !== 'false';
    return 0;
  }
  const value = joined ?? next;
  // A value may begin with a dash only when it is joined: `-l -a` has forgotten the file.
  if (value === undefined || (joined === undefined && /^-./.test(value)))
    throw new HoldfastError('USAGE', `Option "--${name}" needs a value`, { hint });
  const earlier = values[name];
  values[name] = many ? [...(typeof earlier === 'object' ? earlier : []), value] : value;
  return joined === undefined ? 1 : 0;
}

const hint = '`hold forever help` lists the options; those of your script go behind the script';

function unknown(word: string, name: string): HoldfastError {
  return new HoldfastError('USAGE', `Unknown option "${word}"${didYouMean(name, names)}`, { hint });
}
