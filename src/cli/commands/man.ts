import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { didYouMean } from '../../config/suggest.ts';
import { HoldfastError, isSystemError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineMan(program: Command, context: ContextFactory): void {
  program
    .command('man')
    .summary('the manual: every command with all of its options')
    .description(
      'Opens the manual with `man`, of all commands or of one. In a pipe, or where there is no `man`, it prints it.',
    )
    .argument('[command]', 'only this one')
    .action((name: string | undefined) => man(context(), name));
}

async function man(context: Context, name: string | undefined): Promise<void> {
  const { manual } = await import('../help/manual.ts');
  const { manPage, manualText } = await import('../help/manual-page.ts');
  const { createProgram } = await import('../program.ts');
  const { allCommands } = await import('./all.ts');
  const { readVersion } = await import('../version.ts');
  const { out } = context;
  const program = createProgram({
    commands: allCommands,
    makeContext: () => context,
    write: () => undefined,
    width: 80,
  });
  const sections = manual(program, name === undefined ? undefined : commandNamed(program, name));
  if (out.isTTY && (await opens(context, manPage(sections, readVersion())))) return;
  const lines = manualText(sections, Math.min(out.width, 100), program.createHelp());
  await out.flow(`${lines.join('\n')}\n`);
}

function commandNamed(program: Command, name: string): Command {
  const all = program.createHelp().visibleCommands(program);
  const found = all.find((each) => each.name() === name || each.aliases().includes(name));
  if (found) return found;
  const known = didYouMean(
    name,
    all.map((each) => each.name()),
  );
  throw new HoldfastError('USAGE', `Unknown command "${name}"${known}`, {
    hint: '`hold --help` lists the commands',
  });
}

/** false when there is no `man`, or it cannot show the page. */
async function opens(context: Context, page: string): Promise<boolean> {
  // Ctrl-C is for the pager.
  context.takeSignals(() => undefined);
  const dir = mkdtempSync(join(tmpdir(), 'hold-man-'));
  try {
    const file = join(dir, 'hold.1');
    writeFileSync(file, page);
    const [code] = await once(spawn('man', [file], { stdio: 'inherit' }), 'exit');
    return code === 0;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
