/** What may come next on a command line, from the declarations of the commands themselves. Pure, but for names that somebody else looks up. */
import type { Argument, Command, Option } from 'commander';
import { summaries } from '../../exporters/summaries.ts';

/** Names that only the machine knows. `earlier release`: one that can serve again. */
export type Kind = 'app' | 'instance' | 'site' | 'release' | 'earlier release';

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** Looks names up; what cannot be looked up has none. */
export type LookUp = (kind: Kind) => Promise<readonly Candidate[]>;

/** Commands that also take one instance of an app. */
const onInstances = new Set(['stop', 'end', 'start', 'restart', 'logs', 'show', 'signal', 'send', 'profile']);

/**
 * @param words of the command line after the program's name; the last is the one that is being typed, empty when it is not begun
 * @returns what begins with it; none: whatever the shell thinks of, such as files
 */
export async function candidates(
  program: Command,
  words: readonly string[],
  lookUp: LookUp,
): Promise<Candidate[]> {
  const typed = words.at(-1) ?? '';
  const { command, option, given, isEnded } = walk(program, words.slice(0, -1));
  const all = await possible({ program, command, option, given, isEnded }, typed, lookUp);
  return all.filter(({ value }) => value.startsWith(typed));
}

interface Place {
  readonly command: Command;
  /** The option whose value comes next. */
  readonly option: Option | undefined;
  /** Arguments before. */
  readonly given: readonly string[];
  /** After `--` there are no options. */
  readonly isEnded: boolean;
}

/** To where the words before have led. */
function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let option: Option | undefined;
  let given: string[] = [];
  let isEnded = false;
  for (const word of words) {
    if (option) {
      option = undefined;
    } else if (word === '--' && !isEnded) {
      isEnded = true;
    } else if (word.startsWith('-') && !isEnded) {
      const found = optionsOf(program, command).find(({ long, short }) => word === long || word === short);
      option = found?.required ? found : undefined;
    } else {
      const below = given.length === 0 && !isEnded ? commandOf(command, word) : undefined;
      if (below) command = below;
      else given = [...given, word];
    }
  }
  return { command, option, given, isEnded };
}

async function possible(
  { program, command, option, given, isEnded }: Place & { readonly program: Command },
  typed: string,
  lookUp: LookUp,
): Promise<readonly Candidate[]> {
  if (option) return valuesOf(option, lookUp);
  if (typed.startsWith('-') && !isEnded) return optionsOf(program, command).map(optionCandidate);
  const below = given.length === 0 && !isEnded ? commandsOf(command) : [];
  const argument = argumentAt(command, given.length);
  const values = argument ? await namesOf(argument, { program, command }, lookUp) : [];
  return [...below, ...values.filter(({ value }) => !given.includes(value))];
}

function commandOf(command: Command, word: string): Command | undefined {
  return command.commands.find((each) => each.name() === word || each.aliases().includes(word));
}

function commandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), description: each.summary() || each.description() }));
}

function optionsOf(program: Command, command: Command): Option[] {
  const own = command.createHelp().visibleOptions(command);
  const global = program.createHelp().visibleOptions(program);
  return command === program
    ? own
    : [...own, ...global.filter((each) => !own.some((one) => one.long === each.long))];
}

function optionCandidate({ long, short, description }: Option): Candidate {
  return { value: long ?? short ?? '', description };
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const all = command.registeredArguments;
  const last = all.at(-1);
  return all[index] ?? (last?.variadic ? last : undefined);
}

async function valuesOf(option: Option, lookUp: LookUp): Promise<readonly Candidate[]> {
  if (option.argChoices) return option.argChoices.map(plainValue);
  return /<app>/.test(option.flags) ? lookUp('app') : [];
}

async function namesOf(
  argument: Argument,
  { program, command }: Pick<Place, 'command'> & { readonly program: Command },
  lookUp: LookUp,
): Promise<readonly Candidate[]> {
  if (argument.argChoices) return argument.argChoices.map(plainValue);
  const name = argument.name();
  if (name === 'site') return lookUp('site');
  if (name === 'release') return lookUp(command.name() === 'rollback' ? 'earlier release' : 'release');
  if (name === 'command' && command.name() === 'man') return commandsOf(program);
  if (name === 'target' && command.name() === 'export') return exportTargets();
  const isStart = command.name() === 'start' && name === 'script-or-command';
  if (name !== 'app' && !isStart) return [];
  const apps = await lookUp('app');
  return onInstances.has(command.name()) ? [...apps, ...(await lookUp('instance'))] : apps;
}

function exportTargets(): Candidate[] {
  return summaries.flatMap(({ of }) =>
    Object.entries(of).map(([value, description]) => ({ value, description })),
  );
}

function plainValue(value: string): Candidate {
  return { value, description: '' };
}
