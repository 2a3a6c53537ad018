import type { Command } from 'commander';
import type { Production } from '../../release/packages/survey.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

interface PackagesOptions {
  outdated?: boolean;
  vulnerable?: boolean;
}

export function definePackages(program: Command, context: ContextFactory): void {
  program
    .command('packages')
    .summary('which packages run in production')
    .description(
      'Lists the packages that run in production: of releases as they were installed, of other apps by the lockfile beside them.',
    )
    .option('--outdated', 'only your own dependencies of which there are newer versions')
    .option('--vulnerable', 'only known vulnerabilities; the exit code is 1 when there are any')
    .action((options: PackagesOptions) => packages(context(), options));
}

async function packages(context: Context, options: PackagesOptions): Promise<void> {
  const all = await inProduction(context);
  if (all.length === 0 && !context.json) return context.err.line('no app that runs has a lockfile');
  if (options.vulnerable) return await vulnerable(context, all);
  if (options.outdated) return await outdatedOnes(context, all);
  const rows = all.flatMap(({ packages: locked, apps, release }) =>
    locked.map(({ name, version, from }) => ({ name, version, from, apps, release })),
  );
  if (context.json) return context.out.json(rows);
  const { table } = await import('../print/table.ts');
  const { out } = context;
  const columns = [
    { head: 'PACKAGE' },
    { head: 'VERSION' },
    { head: 'FROM', drop: 1 },
    { head: 'APPS', shrink: 12 },
  ];
  const cells = rows.map(({ name, version, from, apps }) => [name, version, from, apps.join(', ')]);
  out.lines(table(columns, cells, { width: out.width, paintHead: out.style.dim }));
}

/** Apps that share their packages are together. */
async function inProduction(context: Context): Promise<Production[]> {
  const { ofDirectory, ofRelease } = await import('../../release/packages/survey.ts');
  const { releasePaths } = await import('../../release/paths.ts');
  const client = await context.look();
  if (!client) return [];
  const apps = (await client.apps()).filter(({ kind }) => kind === 'app');
  const plans = await Promise.all(apps.map(({ name }) => client.plan(name)));
  const places = new Map<string, { find: (apps: string[]) => Production | undefined; apps: string[] }>();
  for (const { name, project, release, cwd } of plans) {
    const ofProject = project !== null && release !== null ? project : null;
    const key = ofProject === null ? `directory ${cwd}` : `project ${ofProject}`;
    const find = (names: string[]) =>
      ofProject === null ? ofDirectory(cwd, names) : ofRelease(releasePaths(context.home, ofProject), names);
    const place = places.get(key) ?? { find, apps: [] };
    place.apps.push(name);
    places.set(key, place);
  }
  return [...places.values()].flatMap((place) => place.find(place.apps) ?? []);
}

async function outdatedOnes(context: Context, all: readonly Production[]): Promise<void> {
  const { waiting } = await import('../waiting.ts');
  const { outdated, shellRunner } = await import('../../release/packages/survey.ts');
  const runner = shellRunner(context.env, context.signal);
  const { out, err, json } = context;
  const rows = [];
  for (const one of all) {
    for (const found of await waiting(context, 'asking the registry', () => outdated(one, runner)))
      rows.push({ ...found, apps: one.apps, release: one.release });
  }
  if (json) return out.json(rows);
  if (rows.length === 0) return err.line('there is nothing newer, as far as the registry says');
  const { table } = await import('../print/table.ts');
  const columns = [
    { head: 'PACKAGE' },
    { head: 'RUNS' },
    { head: 'WANTED', drop: 1 },
    { head: 'LATEST' },
    { head: 'APPS', shrink: 12 },
  ];
  const cells = rows.map((row) => [
    row.name,
    row.version,
    row.wanted ?? '-',
    row.latest,
    row.apps.join(', '),
  ]);
  out.lines(table(columns, cells, { width: out.width, paintHead: out.style.dim }));
}

async function vulnerable(context: Context, all: readonly Production[]): Promise<void> {
  const { waiting } = await import('../waiting.ts');
  const { audit, vulnerabilityLine } = await import('../../release/packages/audit.ts');
  const { shellRunner } = await import('../../release/packages/survey.ts');
  const { HoldfastError } = await import('../../errors.ts');
  const { ForeignExit } = await import('../foreign.ts');
  const runner = shellRunner(context.env, context.signal);
  const { out, err, json } = context;
  const rows = [];
  for (const { dir, packages: locked, apps, release } of all) {
    const found = await waiting(context, 'asking the registry', () =>
      audit(locked, { dir, runner, path: [] }),
    );
    if (!found) {
      throw new HoldfastError('STEP_FAILED', `Cannot ask for known vulnerabilities of ${apps.join(', ')}`, {
        hint: 'Can this machine reach the registry? `npm ping` says it. Not every registry has an answer',
      });
    }
    rows.push(...found.map((one) => ({ ...one, apps, release })));
  }
  if (json) out.json(rows);
  else if (rows.length === 0) err.line('no known vulnerabilities');
  else out.lines(rows.map((row) => `${vulnerabilityLine(row)} in ${row.apps.join(', ')}`));
  if (rows.length > 0) throw new ForeignExit(1);
}
