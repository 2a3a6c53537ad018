/** The manual, as data: all commands from their own declarations, and what they have in common. Pure. */
import type { Argument, Command, Option } from 'commander';
import { examplesOf, exampleTable } from './examples.ts';
import { exitCodes, otherExitCodes } from './exit-codes.ts';
import { groups } from './groups.ts';
import { optionWords, pathOf } from './page.ts';

export interface Section {
  readonly title: string;
  /** 1: of the page; 2: within one of those. */
  readonly level: 1 | 2;
  readonly paragraphs: readonly string[];
  readonly items?: readonly (readonly [term: string, words: string])[];
  /** Printed as they are. */
  readonly lines?: readonly string[];
}

const environment: NonNullable<Section['items']> = [
  ['HOLDFAST_HOME', 'home directory, where `--home` names none'],
  ['NO_COLOR', 'no colours'],
  ['FORCE_COLOR', 'colours also in a pipe, whatever NO_COLOR says; 0: none'],
  ['CI', 'when it is set: progress is told in plain lines'],
  ['TERM', 'with "dumb": no colours, nothing is redrawn'],
];

const files: NonNullable<Section['items']> = [
  ['holdfast.config.*, holdfast.json', 'what `hold up` and `hold deploy` read in the working directory'],
  ['~/.holdfast', 'home: state, logs, sockets; for root /var/lib/holdfast'],
  ['~/.holdfast-releases', 'releases of projects, beside the home'],
];

/** The whole manual; with the name of a command that one, and those below it. */
export function manual(program: Command, only?: Command): Section[] {
  if (only) return commandSections(only, 1);
  return [
    {
      title: 'NAME',
      level: 1,
      paragraphs: ['hold - runs Node.js apps in production, and holds their ports'],
    },
    { title: 'SYNOPSIS', level: 1, paragraphs: [], lines: [`hold ${program.usage()}`] },
    {
      title: 'DESCRIPTION',
      level: 1,
      paragraphs: [
        program.description(),
        'Data goes to stdout, messages to stderr. The daemon starts by itself with `hold start` and `hold up`. Names of apps are names, namespaces, "all", "/regex/", or single instances such as web.1.',
      ],
    },
    { title: 'OPTIONS OF ALL COMMANDS', level: 1, paragraphs: [], items: program.options.map(optionItem) },
    { title: 'COMMANDS', level: 1, paragraphs: [] },
    ...inOrder(program).flatMap((command) => commandSections(command, 2)),
    {
      title: 'EXIT STATUS',
      level: 1,
      paragraphs: [],
      items: [...Object.entries(exitCodes), ['others', otherExitCodes]],
    },
    { title: 'ENVIRONMENT', level: 1, paragraphs: [], items: environment },
    { title: 'FILES', level: 1, paragraphs: [], items: files },
  ];
}

/** In the order of the groups; a command that is in none at the end. */
function inOrder(program: Command): Command[] {
  const names = groups.flatMap(([, each]) => each);
  const place = (command: Command) => (names.indexOf(command.name()) + names.length + 1) % (names.length + 1);
  return shown(program).toSorted((a, b) => place(a) - place(b));
}

function commandSections(command: Command, level: 1 | 2): Section[] {
  const path = pathOf(command);
  const words = command.registeredArguments.map(argumentWords);
  const options = command.options.filter(({ hidden }) => !hidden);
  const usage = ['hold', path, ...(options.length > 0 ? ['[options]'] : []), ...words].join(' ');
  const also = command.aliases().map((alias) => `hold ${alias}`);
  const examples = exampleTable(examplesOf(path));
  const own: Section = {
    title: usage,
    level,
    paragraphs: [command.description(), ...(also.length > 0 ? [`Also: ${also.join(', ')}.`] : [])],
    items: [
      ...command.registeredArguments.map((each) => [argumentWords(each), each.description] as const),
      ...options.map(optionItem),
    ],
    lines: examples,
  };
  return [own, ...shown(command).flatMap((below) => commandSections(below, level))];
}

function shown(command: Command): Command[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.filter((each) => each.name() !== 'help');
}

function optionItem(option: Option): readonly [string, string] {
  return [option.flags, optionWords(option)];
}

function argumentWords(argument: Argument): string {
  const name = argument.name() + (argument.variadic ? '...' : '');
  return argument.required ? `<${name}>` : `[${name}]`;
}
