import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Imported } from '../../config/import/imported.ts';
import { HoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

interface ImportOptions {
  readonly env?: string;
}

export function defineImport(program: Command, context: ContextFactory): void {
  program
    .command('import')
    .summary('print what another tool is told as a configuration of Holdfast')
    .description(
      'Reads the file of another tool, and prints a holdfast.config.ts that means the same, or JSON with `--json`. What cannot be said is in comments at its top, or on stderr. It changes nothing.',
    )
    .argument('<tool>', 'pm2, forever, procfile, systemd, nginx or apache')
    .argument('<file...>', 'its file; of systemd also several units')
    .option('--env <name>', 'of pm2: what env_NAME says counts too')
    .action((tool: string, files: string[], options: ImportOptions) =>
      importFrom(context(), tool, files, options),
    );
}

async function importFrom(
  context: Context,
  tool: string,
  files: readonly string[],
  options: ImportOptions,
): Promise<void> {
  const importer = Object.hasOwn(importers, tool) ? importers[tool] : undefined;
  if (!importer) {
    const { didYouMean } = await import('../../config/suggest.ts');
    const names = Object.keys(importers);
    throw new HoldfastError(
      'USAGE',
      `Cannot import from "${tool}": it must be ${names.join(', ')}${didYouMean(tool, names)}`,
    );
  }
  const { waiting } = await import('../waiting.ts');
  const { config, notes } = await waiting(context, `reading ${files.join(' ')}`, () =>
    importer(context, files, options),
  );
  const { printConfig } = await import('../../config/import/print-config.ts');
  await context.out.flow(printConfig(config, { notes, format: context.json ? 'json' : 'ts' }));
  const { err, json, out } = context;
  if (json) err.lines(notes.map((note) => `note: ${note}`));
  else if (!out.isTTY && notes.length > 0) {
    err.line(
      `${notes.length === 1 ? 'There is a note' : `There are ${notes.length} notes`} at the top of it`,
    );
  }
}

type Importer = (context: Context, files: readonly string[], options: ImportOptions) => Promise<Imported>;

const importers: Readonly<Record<string, Importer>> = {
  async pm2({ cwd }, files, { env: environment }) {
    const { importEcosystem } = await import('../../config/import/pm2.ts');
    return importEcosystem(resolve(cwd, onlyOne(files)), { environment });
  },
  async forever({ cwd, env }, files) {
    const { importForever } = await import('../../config/import/forever.ts');
    const { findRoot } = await import('../forever/root.ts');
    return importForever(onlyOne(files), { cwd, root: findRoot({ flag: undefined, env, cwd }).dir });
  },
  async procfile({ cwd }, files) {
    const { importProcfile } = await import('../../config/import/procfile.ts');
    return importProcfile(onlyOne(files), { cwd });
  },
  async systemd({ cwd }, files) {
    const { importSystemd } = await import('../../config/import/systemd.ts');
    return importSystemd(files, { cwd });
  },
  async nginx({ cwd }, files) {
    const { importNginx } = await import('../../config/import/nginx.ts');
    return importNginx(onlyOne(files), { cwd });
  },
  async apache({ cwd }, files) {
    const { importApache } = await import('../../config/import/apache.ts');
    return importApache(onlyOne(files), { cwd });
  },
};

function onlyOne(files: readonly string[]): string {
  const [file = '', second] = files;
  if (second !== undefined)
    throw new HoldfastError('USAGE', `One file at a time can be imported: got "${second}" too`);
  return file;
}
