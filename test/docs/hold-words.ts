/** Whether our own command line takes what somebody types, without doing it. */
import type { Command } from 'commander';
import { allCommands } from '../../src/cli/commands/all.ts';
import { createProgram } from '../../src/cli/program.ts';

/** The words after `hold`, when that is what a command line runs: `npx hold …`, `sudo hold …`, `exec hold …` too. */
export function holdWords(words: readonly string[]): readonly string[] | null {
  const [first = '', ...rest] = words;
  if (first === 'hold' || first === 'holdfast') return rest;
  if (['npx', 'exec', 'sudo', 'time'].includes(first)) return holdWords(rest);
  return null;
}

/** What is wrong with the words after `hold`, in the parser's own words; null: it takes them. */
export function complaint(words: readonly string[]): string | null {
  // What other tools' users type belongs to parsers of their own.
  if (words[0] === 'forever' || words[0] === 'pm2') return null;
  const program = createProgram({
    commands: allCommands,
    makeContext: () => {
      throw new Error('Nothing runs here');
    },
    write: () => undefined,
    width: 100,
  });
  replaceActions(program);
  try {
    program.parse(
      words.filter((word) => word !== '…'),
      { from: 'user' },
    );
    return null;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const isHelp =
      code === 'commander.helpDisplayed' || code === 'commander.version' || code === 'commander.help';
    return isHelp ? null : message;
  }
}

/** Only commands that do something get an action: others are groups, which want a word behind them. */
function replaceActions(command: Command): void {
  for (const below of command.commands) {
    replaceActions(below);
    // Hooks look at the world, too: `_lifeCycleHooks` has no public counterpart.
    Object.assign(below, { _lifeCycleHooks: {} });
    if (Reflect.get(below, '_actionHandler')) below.action(() => undefined);
  }
}
