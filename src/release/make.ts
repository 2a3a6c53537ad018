/**
 * Makes a release on this machine, up to where it could be started: its own directory, its packages, what its build makes, and a record
 * of how. Nothing that serves is touched. What fails is left as it is, to be looked at.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { configEndings, isConfigName } from '../config/find.ts';
import { planOf, type ReadConfig, type ReleaseFacts, readConfig, releaseFactsOf } from '../config/load.ts';
import type { Plan } from '../config/plan.ts';
import { asHoldfastError, HoldfastError, isSystemError } from '../errors.ts';
import type { Clock } from '../kit/clock.ts';
import { formatBytes } from '../kit/units.ts';
import type { Machine } from '../launch/machine.ts';
import type { ReleaseRecord, StepRecord } from '../protocol/release.ts';
import type { StepName } from '../protocol/release-rules.ts';
import { carryAssets } from './assets.ts';
import { freshBuildHome } from './build-home.ts';
import type { Builder } from './builder.ts';
import { currentRelease } from './current.ts';
import { releaseId, timeOf } from './id.ts';
import { nodesOf } from './node/in-use.ts';
import { giveAll, makeAllOurs } from './ours.ts';
import type { ReleasePaths } from './paths.ts';
import { RecordFiles } from './records.ts';
import { estimate, requireSpace, sizeOf } from './retention/space.ts';
import type { Runner } from './runner.ts';
import type { FileStore, LockedPackage, PackageTools, Produced, Source } from './seams.ts';
import { linkShared } from './shared.ts';
import { StepLog, type StepReport } from './step-log.ts';
import { syncToDisk } from './sync-to-disk.ts';
import { tellFailure } from './tell-failure.ts';
import { refuseTakenNames } from './under-way.ts';
import { unpack } from './unpack.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

export interface MakeOptions {
  readonly paths: ReleasePaths;
  readonly project: string;
  readonly source: Source;
  /** Relative to the source; null = the usual names. */
  readonly config: string | null;
  readonly by: ReleaseRecord['by'];
  readonly shellEnv: NodeJS.ProcessEnv;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly store: FileStore;
  readonly tools: PackageTools;
  /** See PackagesRequest. */
  readonly allowNew: readonly string[];
  readonly offline: boolean;
  readonly signal: AbortSignal;
  readonly onBegin: (record: ReleaseRecord) => void;
  readonly onStep: (step: StepRecord) => void;
  readonly onLine: (line: string) => void;
  /** What a person should know, a line each. */
  readonly onNote: (note: string) => void;
  /** Has the disk hold what is below a directory; that of this system unless told. */
  readonly sync?: (dir: string) => Promise<void>;
}

export interface Made {
  readonly record: ReleaseRecord;
  readonly plan: Plan;
}

/** @throws HoldfastError what went wrong, and in which step; the record of the release says it, too */
export async function makeRelease(options: MakeOptions): Promise<Made> {
  return new Making(options).make();
}

class Making {
  readonly #options: MakeOptions;
  readonly #records: RecordFiles;
  readonly #id: string;
  readonly #dir: string;
  readonly #log: StepLog;
  readonly #config: string;

  constructor(options: MakeOptions) {
    const { paths, source, project, by, clock } = options;
    this.#options = options;
    this.#records = new RecordFiles(paths.records);
    this.#id = this.#freeId();
    this.#dir = join(paths.releases, this.#id);
    this.#config = options.config ?? this.#usualConfig();
    const record: ReleaseRecord = {
      id: this.#id,
      project,
      createdAt: new Date(clock.now()).toISOString(),
      outcome: 'making',
      reason: null,
      source: source.record,
      by,
      config: this.#config,
      node: null,
      packages: null,
      steps: [],
      servedFrom: null,
      servedUntil: null,
    };
    this.#log = new StepLog({ clock, records: this.#records, record, onStep: options.onStep });
    options.onBegin(record);
  }

  async make(): Promise<Made> {
    try {
      const made = await this.#steps();
      this.#log.set({ outcome: 'made' });
      return { ...made, record: this.#log.record };
    } catch (error) {
      const given = this.#options.signal.aborted;
      const { message } = asHoldfastError(error);
      this.#log.fail(given ? 'abandoned' : 'failed', given ? 'it was given up' : message);
      await tellFailure(this.#options.paths.home, this.#log.record);
      if (!given) throw error;
      throw new HoldfastError('STEP_FAILED', 'The deploy was given up', { hint: 'Nothing was changed' });
    }
  }

  async #steps(): Promise<Pick<Made, 'plan'>> {
    const { paths, signal, tools, store, machine, shellEnv, onLine, sync = syncToDisk } = this.#options;
    const dir = this.#dir;
    const id = this.#id;
    await this.#log.run('check', (report) => this.#check(report));
    const { config, facts } = await this.#log.run('unpack', (report) => this.#unpack(report));
    const rules = facts.release;
    const users = facts.apps.map(({ user }) => user);
    const workshop = openWorkshop({ paths, id, rules, users, machine, shellEnv, signal, onLine });
    const { runner, output } = workshop;
    const step = async <T>(name: StepName, action: (report: StepReport) => Promise<T>): Promise<T> => {
      output.begin(name);
      try {
        return await this.#log.run(name, async (report) => {
          await workshop.hook(`before ${name}`, dir);
          const value = await action(report);
          await workshop.hook(`after ${name}`, dir);
          return value;
        });
      } finally {
        output.end();
      }
    };
    await freshBuildHome(paths, workshop.builder);
    this.#giveTo(workshop.builder);
    const build = rules.build ?? this.#buildScript();
    const asked = {
      dir,
      rules: rules.install,
      before: this.#packagesBefore(),
      allowNew: this.#options.allowNew,
      offline: this.#options.offline,
      store,
      tools: paths.tools,
      builds: build.length > 0,
      runner,
    };
    const { request, path } = await step('install', async (report) => {
      const node = await tools.node(facts, asked);
      this.#log.set({ node });
      const prepared = await tools.prepare({ ...asked, node });
      if (!prepared) skipped(report, 'there are no packages to install');
      else report.note = prepared.note;
      return { request: { ...asked, node }, path: prepared?.path ?? [] };
    });
    await step('build', async (report) => {
      if (build.length === 0) return skipped(report, 'nothing to build');
      for (const words of build) {
        await runner.run(words, { cwd: dir, path, env: { NODE_ENV: 'production' } });
      }
      report.note = output.mask(build.map((words) => words.join(' ')).join('; '));
    });
    const plan = await step('seal', async (report) => {
      const produced = await tools.produce(request);
      if (produced) this.#keepPackages(produced, runner);
      report.note = await this.#seal(facts, workshop, produced?.trees ?? []);
      // What it runs must be there by now.
      const say = (line: string) => runner.say(line);
      const whole = await tools.plan(this.#plan(config), {
        dir,
        tools: paths.tools,
        offline: this.#options.offline,
        say,
      });
      this.#records.writePlan(id, whole);
      await sync(dir);
      this.#log.set({ nodes: nodesOf(Object.values(whole.apps)) });
      return whole;
    });
    return { plan };
  }

  #keepPackages({ record, lasting, packages, sbom }: Produced, runner: Runner): void {
    const { paths } = this.#options;
    const dir = this.#records.dirOf(this.#id);
    this.#log.set({ packages: record });
    const known = this.#records.read(currentRelease(paths) ?? '')?.packages?.notes ?? [];
    for (const note of record.notes) {
      if (lasting.includes(note) && known.includes(note)) runner.say(note);
      else this.#note(note, runner);
    }
    writeFileSync(this.#packagesFile(this.#id), JSON.stringify(packages), { mode: 0o600 });
    writeFileSync(join(dir, 'sbom.json'), sbom, { mode: 0o600 });
  }

  async #check(report: StepReport): Promise<void> {
    const { source, paths, onNote } = this.#options;
    for (const note of source.notes) onNote(note);
    const { entries } = source.tree;
    if (!entries.some(({ path }) => path === this.#config)) {
      throw new HoldfastError('CONFIG_NOT_FOUND', `There is no "${this.#config}" in ${source.record.from}`, {
        hint: this.#whereConfigIs(),
      });
    }
    const bytes = entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.size : 0), 0);
    const last = await sizeOf(join(paths.releases, currentRelease(paths) ?? '-'));
    requireSpace(paths.releases, estimate(bytes, last.bytes), entries.length + last.files);
    report.note = this.#config;
  }

  #whereConfigIs(): string {
    const { entries } = this.#options.source.tree;
    const [found] = entries.filter(({ path }) => isConfigName(basename(path))).map(({ path }) => path);
    return found === undefined
      ? 'It must be part of what is deployed: commit it, or name it with `-f`'
      : `There is "${found}": run the command in its directory, or add \`-f ${found}\``;
  }

  #usualConfig(): string {
    const names = configEndings.map((ending) => `holdfast.config.${ending}`);
    const paths = new Set(this.#options.source.tree.entries.map(({ path }) => path));
    return names.find((name) => paths.has(name)) ?? 'holdfast.config.*';
  }

  /** Also the configuration, which decides about all that follows: as it came, before anything of the release has been run. */
  async #unpack(report: StepReport): Promise<{ config: ReadConfig; facts: ReleaseFacts }> {
    const { source, signal, shellEnv, clock, paths, project } = this.#options;
    mkdirSync(this.#dir, { recursive: true, mode: 0o755 });
    const bytes = await unpack(source, this.#dir, signal);
    report.note = `${source.tree.entries.length} files, ${formatBytes(bytes)}`;
    const config = await readConfig({ file: this.#config, cwd: this.#dir, env: shellEnv, clock });
    const facts = releaseFactsOf(config);
    const apps = facts.apps.map(({ name }) => name);
    const known = join(paths.current, this.#config);
    await refuseTakenNames(paths, project, { source: known, apps, sites: facts.sites });
    return { config, facts };
  }

  /** As `up` will get it: known by where `current` leads. The file itself was read before the build, which may have changed it. */
  #plan(config: ReadConfig): Plan {
    const { project, paths, shellEnv } = this.#options;
    const release = { id: this.#id, project, source: join(paths.current, this.#config) };
    return planOf(config, { env: shellEnv, release });
  }

  /** Later than all others, also than one of the same second: ids are sorted by it. */
  #freeId(): string {
    const { clock, source } = this.#options;
    const of = source.record.commit ?? source.record.treeHash;
    const [newest = ''] = this.#records.ids();
    return releaseId(Math.max(clock.now(), timeOf(newest) + 1000), of);
  }

  /** The script of package.json, run by its manager. */
  #buildScript(): string[][] {
    try {
      const text = readFileSync(join(this.#dir, 'package.json'), 'utf8');
      const { scripts } = JSON.parse(text) as { scripts?: Record<string, string> };
      return scripts?.build ? [[this.#options.tools.managerOf(this.#dir), 'run', 'build']] : [];
    } catch {
      return [];
    }
  }

  /** What was unpacked belongs to who builds, until it is sealed. */
  #giveTo({ identity }: Builder): void {
    const account = identity?.account;
    if (!account) return;
    giveAll(this.#dir, account.uid, account.gid ?? 0);
  }

  /** From here on it is as it stays: shared paths are links, files are those of the store. */
  async #seal(
    { release, apps }: ReleaseFacts,
    { builder, runner }: Workshop,
    without: readonly string[],
  ): Promise<string> {
    const { paths, store, machine } = this.#options;
    const user = apps.find((app) => app.user !== null)?.user;
    const account = user && builder.identity ? machine.account(user) : undefined;
    // What the build user has made is not the app's, nor root's, by itself.
    const owner = builder.identity ? { uid: account?.uid ?? 0, gid: account?.gid ?? 0 } : null;
    makeAllOurs(this.#dir);
    const shared = { dir: this.#dir, shared: paths.shared, paths: release.shared, owner };
    for (const note of linkShared(shared)) this.#note(note, runner);
    const tree = await store.absorb(this.#dir, without);
    const before = this.#records
      .list()
      .filter(({ id, servedFrom }) => id !== this.#id && servedFrom !== null)
      .map(({ id }) => join(paths.releases, id));
    const carried = carryAssets(this.#dir, before, release.assets);
    // Whoever runs the apps must be able to read it, and nobody but us to change it.
    chmodSync(this.#dir, 0o755);
    const assets = carried > 0 ? `, ${carried} files of earlier releases stay reachable` : '';
    return `${tree.entries.length} files${assets}`;
  }

  #note(note: string, runner: Runner): void {
    runner.say(note);
    this.#options.onNote(note);
  }

  #packagesFile(id: string): string {
    return join(this.#records.dirOf(id), 'packages.json');
  }

  /** Those of the release that serves. */
  #packagesBefore(): LockedPackage[] | null {
    const serving = currentRelease(this.#options.paths);
    if (serving === null) return null;
    const file = this.#packagesFile(serving);
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as LockedPackage[];
    } catch (cause) {
      if (isSystemError(cause) && cause.code === 'ENOENT') return null;
      throw new HoldfastError(
        'PACKAGES_REFUSED',
        `Cannot read "${file}", the packages of the release that serves`,
        {
          hint: 'What is new cannot be told without it. Remove it to take all packages as they are',
          cause,
        },
      );
    }
  }
}

function skipped(report: StepReport, note: string): void {
  report.skipped = true;
  report.note = note;
}
