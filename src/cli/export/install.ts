/** Puts exported files where the target looks for them: shown, asked, written, checked, reloaded, and taken back when something is wrong. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { Exported } from '../../exporters/exported.ts';
import type { InstalledFile, Target } from '../../exporters/target.ts';
import { confirm, writeThese } from '../confirm.ts';
import type { Context } from '../context.ts';
import { waiting } from '../waiting.ts';
import { runProgram } from './run-program.ts';
import { telling } from './telling.ts';

type Command = readonly [program: string, ...args: string[]];

interface Kept {
  readonly path: string;
  /** null: there was no such file. */
  readonly before: { readonly bytes: Buffer; readonly mode: number } | null;
}

export async function install(
  context: Context,
  target: Target,
  { files }: Exported,
  { name, yes }: { readonly name: string; readonly yes: boolean },
): Promise<void> {
  const { err } = context;
  const plan = target.install(files, name);
  const changed = plan.files.filter(({ path, text, once }) =>
    once ? !existsSync(path) : readText(path) !== text,
  );
  if (changed.length === 0) return err.line(`${target.title} has these files already`);
  await showChanges(context, changed);
  for (const command of [...plan.check, ...plan.reload, ...(plan.confirm ?? [])])
    err.line(`then: ${shown(command)}`);
  await confirm(context, { ...writeThese, yes });
  const kept = changed.map(keep);
  const back = () => kept.toReversed().forEach(restore);
  try {
    for (const file of changed) write(file);
    await runAll(context, plan.check, (said) => `${target.title} does not take the new files: ${said}`);
  } catch (error) {
    back();
    throw error;
  }
  try {
    await runAll(
      context,
      [...plan.reload, ...(plan.confirm ?? [])],
      (said) => `Cannot put the new files into force: ${said}`,
    );
  } catch (error) {
    back();
    // What was begun may hold the new ones already. That it fails again is no news.
    for (const command of plan.reload) await runProgram(command).catch(() => {});
    throw error;
  }
  err.lines(changed.map(({ path }) => `wrote ${path}`));
  err.lines(plan.notes);
}

/** A script that has a name says with it what it does. */
function shown(command: Command): string {
  const [program, option, , name = 'sh'] = command;
  return program === 'sh' && option === '-c' && name !== 'sh' ? name : command.join(' ');
}

async function showChanges({ out }: Context, files: readonly InstalledFile[]): Promise<void> {
  const { createTwoFilesPatch } = await import('diff');
  for (const { path, text } of files) {
    const before = readText(path);
    const patch = createTwoFilesPatch(
      before === undefined ? '/dev/null' : path,
      path,
      before ?? '',
      text,
      '',
      '',
    );
    await out.flow(patch.replace(/^=+\n/, ''));
  }
}

/** EXPORT_REFUSED with what the first one says that fails. */
async function runAll(
  context: Context,
  commands: readonly Command[],
  problem: (said: string) => string,
): Promise<void> {
  for (const command of commands) {
    const { code, output } = await waiting(context, shown(command), () => runProgram(command));
    if (code === 0) continue;
    throw new HoldfastError('EXPORT_REFUSED', problem(telling(output)), {
      details: [`${shown(command)} ended with ${code}`, ...output.trim().split('\n')],
    });
  }
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function keep({ path }: InstalledFile): Kept {
  if (!existsSync(path)) return { path, before: null };
  return { path, before: { bytes: readFileSync(path), mode: statSync(path).mode & 0o7777 } };
}

function write({ path, text, mode }: InstalledFile): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
}

function restore({ path, before }: Kept): void {
  if (!before) rmSync(path, { force: true });
  else {
    writeFileSync(path, before.bytes);
    chmodSync(path, before.mode);
  }
}
