/** Has the program that the files are for look at them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { ExportedFile } from '../../exporters/exported.ts';
import type { Target } from '../../exporters/target.ts';
import { type Ran, runProgram } from './run-program.ts';
import { telling } from './telling.ts';
import { writeBelow } from './write.ts';

/** USAGE when there is no checker, EXPORT_REFUSED when it finds something, PROGRAM_MISSING when it is not on this machine. */
export async function checkFiles(target: Target, files: readonly ExportedFile[]): Promise<void> {
  if (!target.check) {
    throw new HoldfastError(
      'USAGE',
      `Cannot check files for ${target.title}: it has no program that does so`,
      { hint: 'Nothing was written. Leave out --check' },
    );
  }
  const dir = mkdtempSync(join(tmpdir(), 'hold-export-'));
  try {
    const { around, commands, trouble } = target.check(files, dir);
    writeBelow(dir, [...files, ...around]);
    for (const command of commands) {
      const ran = await runProgram(command);
      if (ran.code !== 0 || trouble?.test(ran.output)) throw refused(target, command, ran, dir);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function refused({ title }: Target, command: readonly string[], { output }: Ran, dir: string): HoldfastError {
  const said = output.replaceAll(`${dir}/`, '').trim();
  return new HoldfastError('EXPORT_REFUSED', `${title} refuses these files: ${telling(said)}`, {
    details: [`${command[0]} said:`, ...said.split('\n')],
  });
}
