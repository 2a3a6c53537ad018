/** What is imported must be a file that Holdfast itself takes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Imported } from '../../src/config/import/imported.ts';
import { printConfig } from '../../src/config/import/print-config.ts';
import { loadPlan } from '../../src/config/load.ts';
import type { AppPlan } from '../../src/config/plan.ts';

/** The plans of the apps after both kinds of file have been written to `dir` and loaded; they must be alike. */
export async function loadImported(
  dir: string,
  { config, notes }: Imported,
): Promise<Readonly<Record<string, AppPlan>>> {
  const [typescript, json] = await Promise.all(
    (['ts', 'json'] as const).map(async (format) => {
      const file = join(dir, `printed.config.${format}`);
      writeFileSync(file, printConfig(config, { notes, format }));
      const { apps } = await loadPlan({ file, cwd: dir, env: { PATH: process.env.PATH } });
      return apps;
    }),
  );
  if (!typescript || JSON.stringify(typescript) !== JSON.stringify(json)) {
    throw new Error('The TypeScript and the JSON that were printed mean different things');
  }
  return typescript;
}
