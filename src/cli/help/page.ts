/** What `--help` prints: one screen for a command. Pure. */
import type { Argument, Command, Help, Option } from 'commander';
import { type Example, examplesOf, exampleTable } from './examples.ts';
import { exitCodeWords, otherExitCodes } from './exit-codes.ts';
import { everyday, groups } from './groups.ts';
import { RARE } from './rare.ts';

type Row = readonly [term: string, words: string];

/** For Commander's `formatHelp`. */
export function helpPage(command: Command, helper: Help): string {
  const width = Math.min(helper.helpWidth ?? 80, 100);
  return finished(command.parent ? commandPage(command, helper, width) : overview(command, helper, width));
}

/** `hold` alone: what matters, and where the rest is. */
export function startPage(program: Command, helper: Help): string {
  const byName = new Map(program.commands.map((one) => [one.name(), one]));
  const rows = everyday.map(([title, names]) => [
    title,
    names.flatMap((name) => {
      const one = byName.get(name);
      return one ? [commandRow(one)] : [];
    }),
  ]) satisfies [string, Row[]][];
  const column = widest(rows.flatMap(([, each]) => each));
  return finished([
    ...helper.boxWrap(program.description(), 80).split('\n'),
    ...rows.flatMap(([title, each]) => ['', `${title}:`, ...table(each, 80, helper, column)]),
    '',
    'All commands: hold --help    One: hold <command> --help    Manual: hold man',
  ]);
}

function overview(program: Command, helper: Help, width: number): string[] {
  const visible = helper.visibleCommands(program).filter((one) => one.name() !== 'help');
  const named = new Set(groups.flatMap(([, names]) => names));
  const others = visible.filter((one) => !named.has(one.name())).map((one) => one.name());
  const parts = [...groups, ...(others.length > 0 ? [['More', others] as const] : [])].map(
    ([title, names]) =>
      [title, names.flatMap((name) => visible.filter((one) => one.name() === name).map(commandRow))] as const,
  );
  const options = helper.visibleOptions(program).map(optionRow);
  const column = widest([...parts.flatMap(([, rows]) => rows), ...options]);
  return [
    `Usage: ${helper.commandUsage(program)}`,
    '',
    ...helper.boxWrap(program.description(), width).split('\n'),
    ...parts.flatMap(([title, rows]) => ['', `${title}:`, ...table(rows, width, helper, column)]),
    '',
    'Options of all commands:',
    ...table(options, width, helper, column),
    '',
    `Exit codes: ${exitCodeWords()}.`,
    ...helper.boxWrap(otherExitCodes, width).split('\n'),
    'Help of one command: hold <command> --help      Manual: hold man',
  ];
}

function commandPage(command: Command, helper: Help, width: number): string[] {
  const path = pathOf(command);
  const own = command.options.filter(({ hidden }) => !hidden);
  const rare = own.filter((option) => option.helpGroupHeading === RARE);
  const rows = [
    ...command.registeredArguments.map(argumentRow),
    ...own.filter((option) => !rare.includes(option)).map(optionRow),
    ...helper
      .visibleCommands(command)
      .filter((below) => below.name() !== 'help')
      .map((below): Row => [helper.subcommandTerm(below), below.summary() || below.description()]),
  ];
  const more = rare.length > 0 ? `All about it: hold man ${path.split(' ')[0]}      ` : '';
  return [
    `Usage: ${helper.commandUsage(command)}`,
    '',
    ...helper.boxWrap(command.description(), width).split('\n'),
    ...(rows.length > 0 ? ['', ...table(rows, width, helper)] : []),
    ...rareLines(rare, width, helper),
    ...exampleLines(examplesOf(path)),
    '',
    `${more}Options of all commands: hold --help`,
  ];
}

/** The words behind `hold`. */
export function pathOf(command: Command): string {
  const above = command.parent ? pathOf(command.parent) : '';
  return command.parent ? `${above} ${command.name()}`.trim() : '';
}

export function optionWords({ description, defaultValue, argChoices }: Option): string {
  const choices = argChoices ? ` (${argChoices.join(', ')})` : '';
  const isSaid = ['string', 'number'].includes(typeof defaultValue);
  return description + choices + (isSaid ? ` (default: ${defaultValue})` : '');
}

function rareLines(rare: readonly Option[], width: number, helper: Help): string[] {
  if (rare.length === 0) return [];
  const names = rare.map(({ long, short }) => long ?? short ?? '');
  return helper
    .boxWrap(`also ${names.join(', ')}`, width - 2)
    .split('\n')
    .map((line) => `  ${line}`);
}

function exampleLines(all: readonly Example[]): string[] {
  return all.length === 0 ? [] : ['', 'Examples:', ...exampleTable(all).map((line) => `  ${line}`)];
}

function commandRow(command: Command): Row {
  return [command.name(), command.summary() || command.description()];
}

function argumentRow(argument: Argument): Row {
  return [argument.name(), argument.description];
}

function optionRow(option: Option): Row {
  return [option.flags, optionWords(option)];
}

function widest(rows: readonly Row[]): number {
  return Math.max(0, ...rows.map(([term]) => term.length));
}

function table(rows: readonly Row[], width: number, helper: Help, column = widest(rows)): string[] {
  return rows.flatMap(([term, words]) => {
    const [first = '', ...more] = helper.boxWrap(words, Math.max(20, width - column - 4)).split('\n');
    return [`  ${term.padEnd(column)}  ${first}`, ...more.map((line) => `${' '.repeat(column + 4)}${line}`)];
  });
}

function finished(lines: readonly string[]): string {
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
