import { type Command, Option } from 'commander';
import type { FrontKind } from '../../config/import/front-disk.ts';
import type { Context } from '../context.ts';
import { ForeignExit } from '../foreign.ts';
import type { ContextFactory } from '../program.ts';

interface DoctorOptions {
  readonly for?: FrontKind;
  readonly config?: string;
}

export function defineDoctor(program: Command, context: ContextFactory): void {
  program
    .command('doctor')
    .summary('look for what is wrong, and say what to do')
    .description(
      'Without a file: looks at this machine, the home and the config file, and says of each whether it is in order. With a file of nginx or Apache that passes requests to apps: lists its mistakes, with the line, what happens because of it, and the line as it should be. What it includes is read too. It changes nothing. Exits with 1 when something is wrong.',
    )
    .argument('[file]', 'a site of nginx or Apache')
    .addOption(
      new Option('--for <server>', 'whose file it is, when that is not seen').choices(['nginx', 'apache']),
    )
    .option('-f, --config <file>', 'config file to look at (default: holdfast.config.* of this directory)')
    .action((file: string | undefined, options: DoctorOptions) => examine(context(), file, options));
}

async function examine(context: Context, file: string | undefined, options: DoctorOptions): Promise<void> {
  const isWell =
    file === undefined
      ? await (await import('../doctor/machine.ts')).checkMachine(context, options.config)
      : await (await import('../doctor/front.ts')).checkFront(context, file, options.for);
  if (!isWell) throw new ForeignExit(1);
}
