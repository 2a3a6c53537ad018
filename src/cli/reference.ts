/** docs/reference/commands.md and man/hold.1, printed from the program itself. */
import type { Argument, Command, Option } from 'commander';
import { allCommands } from './commands/all.ts';
import { type Example, examplesOf, exampleTable } from './help/examples.ts';
import { exitCodeWords, otherExitCodes } from './help/exit-codes.ts';
import { manual } from './help/manual.ts';
import { manPage } from './help/manual-page.ts';
import { createProgram } from './program.ts';
import { readVersion } from './version.ts';

/** man/hold.1. */
export function renderManPage(): string {
  return manPage(manual(readProgram()), readVersion());
}

/** The whole page, with a newline at its end. */
export function renderCommandReference(): string {
  const program = readProgram();
  return `${[
    '# Commands',
    '',
    '<!-- Printed from the program by scripts/generate-reference.js: do not edit. -->',
    '',
    program.description(),
    '',
    'Data goes to stdout, messages to stderr.',
    '',
    `Exit codes: ${exitCodeWords()}. ${otherExitCodes}`,
    '',
    'Colours only on a terminal, and never with `NO_COLOR`. The daemon starts by itself with `start` and `up`.',
    '',
    'With `--json`, `ls`, `show` and what changes apps print one JSON value; `logs`, `events` and `top` print one JSON',
    'object a line. An error is then a JSON object on stderr: `code`, `message`, `hint`, `details`.',
    '',
    'Options of every command:',
    '',
    ...optionTable(program.options),
    '',
    ...shown(program).flatMap((command) => commandSection(command, '##', 'hold')),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

/** To be looked at only. */
function readProgram(): Command {
  return createProgram({
    commands: allCommands,
    makeContext() {
      throw new Error('The reference runs no command');
    },
    write: () => undefined,
    width: 100,
  });
}

function commandSection(command: Command, mark: string, before: string): string[] {
  const name = `${before} ${command.name()}`;
  const aliases = command.aliases().map((alias) => `\`${alias}\``);
  const words = command.registeredArguments.map(argumentWords);
  const usage = [name, ...(command.options.length > 0 ? ['[options]'] : []), ...words].join(' ');
  return [
    `${mark} ${name.replace('hold ', '')}`,
    '',
    ...(aliases.length > 0 ? [`Also: ${aliases.join(', ')}`, ''] : []),
    '```',
    usage,
    '```',
    '',
    command.description(),
    '',
    ...argumentTable(command.registeredArguments),
    ...(command.options.length > 0 ? [...optionTable(command.options), ''] : []),
    ...exampleBlock(examplesOf(name)),
    ...shown(command).flatMap((below) => commandSection(below, `${mark}#`, name)),
  ];
}

function exampleBlock(all: readonly Example[]): string[] {
  if (all.length === 0) return [];
  return ['Examples:', '', '```', ...exampleTable(all), '```', ''];
}

/** Those that help shows. */
function shown(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((below) => below.name() !== 'help');
}

function argumentTable(all: readonly Argument[]): string[] {
  const rows = all.map((argument) => `| \`${argumentWords(argument)}\` | ${cell(argument.description)} |`);
  return rows.length === 0 ? [] : ['| argument | |', '|---|---|', ...rows, ''];
}

function optionTable(options: readonly Option[]): string[] {
  const rows = options.map(({ flags, description, defaultValue }) => {
    const fallback =
      defaultValue === undefined || typeof defaultValue === 'boolean' ? '' : ` (default: ${defaultValue})`;
    return `| \`${flags}\` | ${cell(description + fallback)} |`;
  });
  return ['| option | |', '|---|---|', ...rows];
}

function argumentWords(argument: Argument): string {
  const name = argument.name() + (argument.variadic ? '...' : '');
  return argument.required ? `<${name}>` : `[${name}]`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
