import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { Argument, type Command } from 'commander';
import { type Shell, scripts, shells, usualPlace } from '../completion/scripts.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineCompletion(program: Command, context: ContextFactory): void {
  program
    .command('completion')
    .summary('completion of commands, options and names in your shell')
    .description(
      'Prints the completion script of a shell. It knows commands, options and their values, and the names of apps, instances, sites and releases.',
    )
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(shells))
    .option('--install', "write it to the shell's usual place instead")
    .action((shell: Shell, options: { install?: boolean }) =>
      completion(context(), shell, options.install === true),
    );
}

function completion({ out, err, env }: Context, shell: Shell, install: boolean): void {
  if (!install) {
    out.lines(scripts[shell].trimEnd().split('\n'));
    return;
  }
  const { path, next } = usualPlace(shell, env, env.HOME || homedir());
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, scripts[shell]);
  err.line(`wrote ${path}`);
  err.line(next);
}

/** What the scripts ask; not for people. */
export function defineComplete(program: Command, context: ContextFactory): void {
  program
    .command('__complete', { hidden: true })
    .argument('[words...]', 'what is typed so far')
    .action((words: string[]) => complete(context(), words));
}

async function complete(context: Context, words: readonly string[]): Promise<void> {
  const { candidates } = await import('../completion/candidates.ts');
  const { namesIn } = await import('../completion/names.ts');
  const { plain } = await import('../print/text.ts');
  const { createProgram } = await import('../program.ts');
  const { singleCommand } = await import('./single.ts');
  // Whose name is complete is read alone, which is faster; `man` has the names of all for its argument.
  const isAlone = words.length > 1 && words[0] !== 'man';
  const single = isAlone ? await singleCommand(words[0]) : undefined;
  const program = createProgram({
    commands: single ? [single] : (await import('./all.ts')).allCommands,
    makeContext: () => context,
    write: () => undefined,
    width: 80,
  });
  const found = await candidates(program, words, namesIn(context.home));
  context.out.lines(found.map(({ value, description }) => `${plain(value)}\t${plain(description)}`));
}
