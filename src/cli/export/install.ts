/** Puts exported files where the target looks for them: shown, asked, written, checked, reloaded, and taken back when something is wrong. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { Exported } from '../../exporters/exported.ts';
import type { Installation, InstalledFile, Target } from '../../exporters/target.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { runProgram } from './run-program.ts';

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
  for (const command of [...plan.check, ...plan.reload]) err.line(`then: ${command.join(' ')}`);
  await confirm(context, 'Write these files?', yes);
  const kept = changed.map(keep);
  try {
    for (const file of changed) write(file);
    await runAll(target, plan.check);
    await runAll(target, plan.reload);
  } catch (error) {
    for (const one of kept.reverse()) restore(one);
    throw error;
  }
  err.lines(changed.map(({ path }) => `wrote ${path}`));
  err.lines(plan.notes);
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

async function runAll(target: Target, commands: Installation['check']): Promise<void> {
  for (const command of commands) {
    const { code, output } = await runProgram(command);
    if (code === 0) continue;
    const said = output.trim();
    throw new HoldfastError(
      'EXPORT_REFUSED',
      `${target.title} does not take the new files, so the old ones are back: ${said.split('\n')[0]}`,
      { details: [`${command.join(' ')} ended with ${code}`, ...said.split('\n')] },
    );
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
