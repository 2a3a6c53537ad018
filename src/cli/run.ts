/** One command from its arguments to its exit code, with everything that it touches handed in. */
import { asHoldfastError, type HoldfastError } from '../errors.ts';
import { singleCommand } from './commands/single.ts';
import { Context, type GlobalOptions, type Surroundings } from './context.ts';
import { ForeignExit, sealForeignWords } from './foreign.ts';
import { startPage } from './help/page.ts';
import { errorLines } from './print/error.ts';
import { createProgram } from './program.ts';
import { isBare, isDone, noSuchHelp, usageError, withCommand } from './usage.ts';

/** `argv` without node and script. 0 done, 1 failed, 2 wrong usage, 130 interrupted; other tools' commands have their own. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  let context: Context | undefined;
  const { stdout, signal } = surroundings;
  const single = await singleCommand(argv[0]);
  const commands = single ? [single] : (await import('./commands/all.ts')).allCommands;
  const program = createProgram({
    commands,
    makeContext(options) {
      context = new Context(surroundings, options);
      return context;
    },
    write: (text) => stdout.write(text),
    width: Math.min(stdout.columns ?? 100, 110),
  });
  try {
    await program.parseAsync(sealForeignWords(argv), { from: 'user' });
    return signal.aborted ? 130 : 0;
  } catch (error) {
    if (isDone(error)) return 0;
    if (error instanceof ForeignExit) return error.code;
    if (isBare(error)) {
      const command = program.commands.find((one) => one.name() === argv[0]);
      // What there is has printed its help already.
      if (argv.includes('help') && argv.at(-1) !== 'help')
        return report(
          noSuchHelp(program, argv.at(-1) ?? ''),
          context ?? new Context(surroundings, program.opts<GlobalOptions>()),
        );
      if (command) command.outputHelp();
      else stdout.write(startPage(program, program.createHelp()));
      return 0;
    }
    if (signal.aborted) {
      context?.err.line(interrupted(program.args[0]));
      return 130;
    }
    const options = program.opts<GlobalOptions>();
    const told = withCommand(usageError(error) ?? asHoldfastError(error), program, argv);
    return report(told, context ?? new Context(surroundings, options));
  } finally {
    context?.close();
  }
}

/** Commands that ask the daemon for something, which it then does whether somebody waits for it or not. */
const ASKING: readonly string[] = [
  'start',
  'stop',
  'end',
  'restart',
  'reload',
  'scale',
  'delete',
  'rm',
  'up',
  'down',
];

function interrupted(command = ''): string {
  return ASKING.includes(command) ? 'interrupted: what was asked for goes on, see `hold ls`' : 'interrupted';
}

function report(error: HoldfastError, { err, json, verbose }: Context): number {
  if (json) err.json(error.toBody());
  else err.lines(errorLines(error, err.style, { verbose }));
  return error.exitCode;
}
