/** The command line as one value: parsing, help and the reference page all come from it. */
import { Command, CommanderError } from 'commander';
import type { Context, GlobalOptions } from './context.ts';
import { helpPage } from './help/page.ts';
import { addTargetOption } from './target-option.ts';
import { readVersion } from './version.ts';

/** Makes the context of the command that runs. */
export type ContextFactory = () => Context;

export type DefineCommand = (program: Command, context: ContextFactory) => void;

export interface ProgramOptions {
  readonly commands: readonly DefineCommand[];
  /** Called once, when the command is known and its options are read. */
  readonly makeContext: (options: GlobalOptions) => Context;
  /** For help. */
  readonly write: (text: string) => void;
  readonly width: number;
}

/** Complaints come as CommanderErrors. */
export function createProgram({ commands, makeContext, write, width }: ProgramOptions): Command {
  const program = new Command('hold')
    .configureOutput({
      writeOut: write,
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .usage('<command> [options]')
    .description(
      'Keeps Node.js apps in production: runs, restarts, scales and logs them, and holds their ports.',
    )
    .option(
      '--home <dir>',
      'home directory (default: HOLDFAST_HOME, else ~/.holdfast, for root /var/lib/holdfast)',
    )
    .option('--json', 'print JSON; errors as JSON on stderr')
    .option('--verbose', 'print everything that belongs to an error or a crash')
    .option('--no-color', 'no colours; so does the environment variable NO_COLOR')
    .helpOption('-h, --help', 'print how a command is used')
    .helpCommand('help [command]', 'print how a command is used')
    .showSuggestionAfterError(true)
    .configureHelp({ formatHelp: helpPage })
    .exitOverride();
  program.option('-V, --version', 'print the version').on('option:version', () => {
    write(`${readVersion()}\n`);
    throw new CommanderError(0, 'commander.version', 'version');
  });
  const context: ContextFactory = () => makeContext(program.opts<GlobalOptions>());
  for (const define of commands) define(program, context);
  addTargetOption(program, context);
  return program;
}
