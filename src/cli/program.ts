/** The command line as one value: parsing, help and the reference page all come from it. */
import { Command, CommanderError } from 'commander';
import { defineCrashes } from './commands/crashes.ts';
import { defineDelete } from './commands/delete.ts';
import { defineDown } from './commands/down.ts';
import { defineEvents } from './commands/events.ts';
import { defineLogs } from './commands/logs.ts';
import { defineLs } from './commands/ls.ts';
import { defineReload } from './commands/reload.ts';
import { defineRestart } from './commands/restart.ts';
import { defineScale } from './commands/scale.ts';
import { defineShow } from './commands/show.ts';
import { defineStart } from './commands/start.ts';
import { defineStop } from './commands/stop.ts';
import { defineTop } from './commands/top.ts';
import { defineUp } from './commands/up.ts';
import type { Context, GlobalOptions } from './context.ts';
import { readVersion } from './version.ts';

/** Makes the context of the command that runs. */
export type ContextFactory = () => Context;

/** `makeContext` is called once, when the command is known and its options are read. Complaints come as CommanderErrors. */
export function createProgram(
  makeContext: (options: GlobalOptions) => Context,
  output: { write: (text: string) => void; width: number },
): Command {
  const program = new Command('hold')
    .configureOutput({
      writeOut: output.write,
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => output.width,
      getErrHelpWidth: () => output.width,
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
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  program.option('-V, --version', 'print the version').on('option:version', () => {
    output.write(`${readVersion()}\n`);
    throw new CommanderError(0, 'commander.version', 'version');
  });
  const context: ContextFactory = () => makeContext(program.opts<GlobalOptions>());
  for (const define of definitions) define(program, context);
  return program;
}

const definitions: readonly ((program: Command, context: ContextFactory) => void)[] = [
  defineStart,
  defineUp,
  defineDown,
  defineLs,
  defineShow,
  defineStop,
  defineRestart,
  defineReload,
  defineScale,
  defineDelete,
  defineLogs,
  defineEvents,
  defineCrashes,
  defineTop,
];
