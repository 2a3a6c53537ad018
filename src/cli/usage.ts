/** Commander's complaints in our words. */
import { type Command, CommanderError } from 'commander';
import { didYouMean } from '../config/suggest.ts';
import { HoldfastError } from '../errors.ts';

/** Help or the version was asked for, and printed. */
export function isDone(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

/** There was no command at all. */
export function isBare(error: unknown): boolean {
  return error instanceof CommanderError && error.code === 'commander.help';
}

/** `hold help strat`. */
export function noSuchHelp(program: Command, name: string): HoldfastError {
  const known = program.createHelp().visibleCommands(program);
  const near = didYouMean(
    name,
    known.flatMap((one) => [one.name(), ...one.aliases()]),
  );
  return new HoldfastError('USAGE', `Unknown command "${name}"${near}`, {
    hint: '`hold help` lists the commands',
  });
}

/** undefined when the error is none of Commander's. */
export function usageError(error: unknown): HoldfastError | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  const [first = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const meant = /^\(Did you mean (?:one of )?(.+)\?\)$/.exec(suggestion)?.[1];
  const ending = meant ? `: did you mean ${alternatives(meant)}?` : '';
  const foreign = /^unknown command '(.+)'$/.exec(first)?.[1] ?? '';
  const ours = Object.hasOwn(otherWords, foreign) ? otherWords[foreign] : undefined;
  return new HoldfastError(
    'USAGE',
    inOurWords(first) + (ours === undefined ? ending : `: did you mean "${ours}"?`),
    hintFor(error),
  );
}

/** What people who come from other tools type, where the nearest name is not what they mean. */
const otherWords: Readonly<Record<string, string>> = {
  status: 'ls',
  stats: 'top',
  ps: 'ls',
  monit: 'top',
};

/** Names the command that was typed where a hint has `hold <command> --help`: `hold scale --help`. */
export function withCommand(error: HoldfastError, program: Command, argv: readonly string[]): HoldfastError {
  const { code, message, hint, details } = error;
  if (!hint.includes(PLACE)) return error;
  return new HoldfastError(code, message, {
    hint: hint.replace(PLACE, [...commandWords(program, argv), '--help'].join(' ')),
    details,
    cause: error.cause,
  });
}

const PLACE = '<command> --help';

/** The names that lead to the command: `["env", "set"]`. */
function commandWords(program: Command, argv: readonly string[]): string[] {
  const names: string[] = [];
  let at = program;
  for (const word of argv) {
    const next = at.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next) {
      names.push(next.name());
      at = next;
    } else if (!word.startsWith('-')) {
      // An argument; but before any command it is the value of an option: `--home dir`.
      if (at !== program) break;
    }
  }
  return names;
}

const rewordings: readonly (readonly [RegExp, string])[] = [
  [/^option '(.+)' argument '(.*)' is invalid\. It (.+)$/s, 'Option "$1" $3: got "$2"'],
  [/^command-argument value '(.*)' is invalid for argument '(.+)'\. It (.+)$/s, 'Argument "$2" $3: got "$1"'],
  [/^option '(.+)' argument missing$/, 'Option "$1" needs a value'],
  [/^missing required argument '(.+)'$/, 'The argument "$1" is missing'],
  [
    /^too many arguments for '(.+)'\. Expected (\d+) arguments? but got (\d+).*$/,
    'Too many arguments for "$1": it takes $2, got $3',
  ],
  [/^unknown (option|command) '(.+)'$/, 'Unknown $1 "$2"'],
];

function inOurWords(complaint: string): string {
  for (const [pattern, words] of rewordings) {
    if (pattern.test(complaint)) return complaint.replace(pattern, words);
  }
  return complaint;
}

function hintFor({ code, message }: CommanderError): { hint?: string } {
  if (code === 'commander.unknownOption' && !message.includes('Did you mean')) {
    return {
      hint: 'Options of your own program go after `--`; `hold <command> --help` shows those of Holdfast',
    };
  }
  if (code === 'commander.unknownCommand') return { hint: '`hold help` lists the commands' };
  return {};
}

function alternatives(names: string): string {
  return names
    .split(', ')
    .map((name) => `"${name}"`)
    .join(' or ');
}
