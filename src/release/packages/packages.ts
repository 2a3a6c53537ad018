/**
 * Installs what a release needs, exactly as its lockfile says: from the store when the same was installed before, else with the
 * project's own package manager.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import { type CheckedLockfile, checkLockfile } from '../lockfile/check.ts';
import { diffLockfiles } from '../lockfile/diff.ts';
import { readManifest } from '../lockfile/find.ts';
import { isRecord, textsOf } from '../lockfile/lockfile.ts';
import { fitsMachine } from '../lockfile/machines.ts';
import type { OwnNode } from '../node/runtime.ts';
import { GENERATED } from '../retention/remove.ts';
import type { Linking, LockedPackage, PackagesRequest, Prepared, Produced } from '../seams.ts';
import type { Fetcher, OwnNpm } from '../tools.ts';
import { tryAddons } from './addons.ts';
import { askOnce, atLeast, audit, vulnerabilityLine } from './audit.ts';
import { credentials, type InstallCommand, installCommands, patience } from './commands.ts';
import { installedPackages, moduleDirs } from './installed.ts';
import { hasOwnScripts, treeKey } from './key.ts';
import { refuseLeak, refuseLeaks } from './leaks.ts';
import { wishOf } from './manager.ts';
import { chooseManager, ensureManager, type ManagerTool, nodeGyp } from './manager-tool.ts';
import { besides, generatedIn, giveDirectories, withScripts } from './ownership.ts';
import { type PublishTimes, refuseNewKinds, refuseYoung } from './policy.ts';
import { pruneDevelopment } from './prune.ts';
import { type Asked, asRegistryTrouble, troubleOf } from './registry-trouble.ts';
import { sbomOf } from './sbom.ts';
import { planScripts, runScripts, type ScriptPlace } from './scripts.ts';
import { checkSignatures, NO_SIGNATURES } from './signatures.ts';
import { KeptTrees } from './trees.ts';
import { whereNpmAsks } from './where-npm-asks.ts';

export interface PackagesOptions {
  readonly clock: Clock;
  readonly fetcher: Fetcher;
  readonly ownNpm: OwnNpm | undefined;
  readonly ownNode: OwnNode;
  /** Of installs, as far as registries and tokens need it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables whose values must not be in the release. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** One release's packages, from before its build to after it. */
export class Packages {
  readonly #request: PackagesRequest;
  readonly #options: PackagesOptions;
  readonly #checked: CheckedLockfile;
  readonly #manager: ManagerTool;
  /** npm, also where another manager installs: for questions to the registry. */
  readonly #npm: ManagerTool;
  readonly #notes: string[] = [];
  /** Directories `node_modules` that are part of the source, such as those of test fixtures. */
  readonly #ofSource: readonly string[];
  #packages: readonly LockedPackage[];
  #reused = false;

  private constructor(
    request: PackagesRequest,
    options: PackagesOptions,
    checked: CheckedLockfile,
    manager: ManagerTool,
    npm: ManagerTool,
  ) {
    this.#request = request;
    this.#options = options;
    this.#checked = checked;
    this.#manager = manager;
    this.#npm = npm;
    this.#packages = checked.lockfile.content.packages;
    this.#notes.push(...checked.notes);
    this.#ofSource = moduleDirs(request.dir);
  }

  /** Null when the release has no packages. */
  static async of(request: PackagesRequest, options: PackagesOptions): Promise<Packages | null> {
    const { dir, node, tools, offline, runner } = request;
    const manifest = readManifest(dir) ?? {};
    const checked = checkLockfile(dir, wishOf(manifest)?.name ?? null, options.env);
    if (!checked) return null;
    const { fetcher, ownNpm, ownNode } = options;
    const say = (line: string) => runner.say(line);
    const place = { tools, fetcher, ownNpm, offline, platform: ownNode, say };
    const chosen = await chooseManager(manifest, checked.lockfile, node.version, place);
    const manager = await ensureManager(chosen, place);
    const npm = chosen.kind === 'npm' ? manager : await Packages.#npmFor(place, node.version);
    return new Packages(request, options, checked, manager, npm);
  }

  static async #npmFor(place: Parameters<typeof ensureManager>[1], node: string): Promise<ManagerTool> {
    const usual = { kind: 'npm' as const, file: 'package-lock.json', content: NO_CONTENT };
    return ensureManager(await chooseManager({}, usual, node, place), place);
  }

  get path(): string[] {
    const { node } = this.#request;
    return [this.#manager.bin, dirname(node.path)];
  }

  async prepare(): Promise<Prepared> {
    const { builds } = this.#request;
    await this.#judgeDifference();
    await this.#tree(!builds);
    const count = this.#here(builds).length;
    const { name, version } = this.#manager;
    const how = this.#reused ? 'from the store' : `by ${name} ${version}`;
    return { path: this.path, note: `${count} ${count === 1 ? 'package' : 'packages'}, ${how}` };
  }

  async produce(): Promise<Produced> {
    const { dir, builds, node, runner, rules } = this.#request;
    const { lockfile } = this.#checked;
    if (builds) await this.#dropDevelopment();
    this.#notes.push(...(await tryAddons(dir, node, runner)));
    if (!this.#reused || rules.audit !== null) await this.#audit();
    const manifest = readManifest(dir) ?? {};
    const inside = this.#here(false);
    const sbom = sbomOf({ name: manifest.name ?? 'app', version: manifest.version ?? null }, inside);
    const record = {
      manager: this.#manager.name,
      managerVersion: this.#manager.version,
      lockfile: lockfile.file,
      lockfileHash: lockfile.hash,
      count: inside.length,
      reused: this.#reused,
      notes: [...new Set(this.#notes)],
    };
    const { secrets } = this.#options;
    refuseLeak(JSON.stringify([record, this.#packages]), 'its record', secrets);
    // What a build has put there is not of the store yet.
    const lasting = record.notes.filter((note) => LASTING.includes(note));
    return { record, lasting, packages: this.#packages, sbom, trees: builds ? [] : this.#modules() };
  }

  /** What is installed on this machine, with or without what is for development. */
  #here(development: boolean): LockedPackage[] {
    const fits = (one: LockedPackage) => fitsMachine(one, this.#options.ownNode);
    return this.#packages.filter((one) => one.from !== 'workspace' && (development || !one.dev) && fits(one));
  }

  /** Before anything of it is fetched. */
  async #judgeDifference(): Promise<void> {
    const { before, allowNew, rules, offline } = this.#request;
    if (before === null) {
      this.#notes.push('This is the first release, so there was none to compare its packages with');
      return;
    }
    const diff = diffLockfiles(before, this.#packages);
    refuseNewKinds(diff, allowNew);
    if (offline) {
      if (diff.added.length > 0) this.#notes.push('Nobody asked how old the new packages are: `--offline`');
      return;
    }
    const { coolDownMs } = rules;
    const now = this.#options.clock.now();
    const notes = await whereNpmAsks(this.#request.dir, this.#manager.kind, (dir) =>
      refuseYoung(diff, allowNew, { coolDownMs, now, times: this.#times(dir) }),
    );
    this.#notes.push(...notes);
  }

  /** @param dir its .npmrc says which registry */
  #times(dir: string): PublishTimes {
    const { runner } = this.#request;
    return async (name) => {
      const words = ['npm', 'view', name, 'time', '--json', ...askOnce];
      try {
        const answer: unknown = JSON.parse(await runner.read(words, { cwd: dir, path: this.#npmPath() }));
        return isRecord(answer) ? textsOf(answer) : undefined;
      } catch (error) {
        // That it does not say how old something is, is another thing; and the next answer would be the same.
        const trouble = troubleOf(error, this.#asked());
        if (trouble && ['unreachable', 'down', 'refused'].includes(trouble.kind))
          throw asRegistryTrouble(error, this.#asked());
        return undefined;
      }
    };
  }

  #npmPath(): string[] {
    return [this.#npm.bin, dirname(this.#request.node.path)];
  }

  /** node_modules, from the store or by an install. */
  async #tree(production: boolean): Promise<void> {
    const { dir, node, rules, store, tools, offline, builds } = this.#request;
    const { lockfile } = this.#checked;
    if (this.#modulesInTheWay().length > 0) {
      throw new HoldfastError('PACKAGES_REFUSED', 'There is a node_modules in the source', {
        hint: 'Take it out of the repository, and put "node_modules" into .gitignore: a release installs its own',
      });
    }
    const commands = installCommands(this.#manager, { production, offline });
    const { platform, arch, musl } = this.#options.ownNode;
    const key = treeKey({
      dir,
      lockfile,
      manager: this.#manager,
      node,
      // Whence it came makes no difference to what it is.
      commands: installCommands(this.#manager, { production, offline: false }),
      allowScripts: rules.allowScripts,
      platform: `${platform}-${arch}${musl ? '-musl' : ''}`,
    });
    const trees = new KeptTrees(tools, store);
    const owner = statSync(dir);
    const kept = trees.find(key);
    if (kept) {
      await store.materialise(kept.tree, dir, this.#linking);
      this.#packages = kept.packages;
      this.#notes.push(...kept.notes);
      this.#reused = true;
      if (builds) giveDirectories(dir, owner);
      return;
    }
    if (offline && this.#manager.kind === 'bun') {
      throw new HoldfastError('PACKAGES_REFUSED', 'bun cannot install with `--offline`', {
        hint: 'Leave it out: these packages were not installed here before',
      });
    }
    await this.#install(commands);
    const notes = await this.#afterInstall(production);
    const tree = await this.#absorb(dir);
    trees.keep(key, tree, { packages: this.#packages, notes });
    this.#notes.push(...notes);
    if (builds) giveDirectories(dir, owner);
  }

  async #install(commands: readonly InstallCommand[]): Promise<void> {
    const { dir, runner } = this.#request;
    const configured = ['.npmrc', '.yarnrc.yml']
      .map((name) => join(dir, name))
      .filter((file) => existsSync(file));
    const settings = configured.map((file) => readFileSync(file, 'utf8')).join('\n');
    const patient = patience(this.#manager, settings, this.#options.env);
    const believed = credentials(this.#manager, dir);
    try {
      for (const { words, env } of commands) {
        await runner.run(words, { cwd: dir, path: this.path, env: { ...patient, ...believed, ...env } });
      }
    } catch (error) {
      throw asRegistryTrouble(error, this.#asked());
    }
  }

  /** For messages about a registry. */
  #asked(): Asked {
    const { lockfile, registry } = this.#checked;
    return { packages: this.#packages, file: lockfile.file, registry };
  }

  /** Scripts, as far as they may. */
  async #afterInstall(production: boolean): Promise<string[]> {
    const { dir, node, rules, runner, before, allowNew } = this.#request;
    const { lockfile } = this.#checked;
    const installed = installedPackages(dir);
    this.#packages = withScripts(this.#packages, installed);
    // Most lockfiles do not say who has an install script, so this is known only now; nothing of it has run yet.
    if (before) refuseNewKinds(diffLockfiles(before, this.#packages), allowNew);
    const notes: string[] = [];
    if (rules.signatures && !this.#request.offline && lockfile.kind === 'npm' && installed.length > 0) {
      notes.push(...(await checkSignatures(dir, runner, this.#npmPath())));
    }
    const plan = planScripts(installed, rules.allowScripts);
    const place: ScriptPlace = { runner, dir, path: this.path, node, gyp: nodeGyp(this.#npm) };
    for (const one of plan.run) await runScripts(one, place);
    await this.#ownScripts(production, place);
    refuseLeaks(dir, this.#options.secrets);
    return [...notes, ...plan.notes];
  }

  /** Those of the project and its workspaces. `prepare` is for developers, and mostly needs what only they have. */
  async #ownScripts(production: boolean, place: ScriptPlace): Promise<void> {
    const { dir } = this.#request;
    const { wants } = this.#checked.lockfile.content;
    const events = ['preinstall', 'install', 'postinstall', ...(production ? [] : ['prepare'])];
    for (const at of Object.keys(wants ?? { '': {} })) {
      const manifest = readManifest(join(dir, at));
      if (!manifest || !hasOwnScripts(manifest)) continue;
      const scripts = events.flatMap((event) => {
        const script = manifest.scripts?.[event];
        return script === undefined ? [] : [[event, script] as const];
      });
      const { name = 'the project', version = '0.0.0' } = manifest;
      await runScripts({ name, version, dir: join(dir, at), scripts }, place);
    }
  }

  /** What was installed. */
  #modules(): string[] {
    return moduleDirs(this.#request.dir).filter((path) => !this.#ofSource.includes(path));
  }

  /** Where packages are about to be installed. */
  #modulesInTheWay(): string[] {
    const { wants } = this.#checked.lockfile.content;
    const places = Object.keys(wants ?? { '': {} }).map((at) => join(at, 'node_modules'));
    return this.#ofSource.filter((path) => places.includes(path));
  }

  /** A build that is run by whoever owns the store could change what is linked, in all releases. Sealing it puts the links in. */
  get #linking(): Linking {
    return { copies: this.#request.builds && process.geteuid?.() !== 0 };
  }

  /** Only node_modules; what is around them is absorbed when the release is sealed. */
  #absorb(dir: string) {
    return this.#request.store.absorb(dir, besides(dir, this.#modules()), this.#linking);
  }

  async #dropDevelopment(): Promise<void> {
    const { dir } = this.#request;
    const { devPaths } = this.#checked.lockfile.content;
    if (devPaths) return pruneDevelopment(dir, this.#modules(), devPaths);
    // Other managers cannot take away what they have put in, or only with the registry. What the build has generated stays.
    const aside = mkdtempSync(`${dir}${GENERATED}`);
    try {
      const generated = generatedIn(dir, this.#modules());
      for (const path of generated) move(join(dir, path), join(aside, path));
      for (const modules of this.#modules()) rmSync(join(dir, modules), { recursive: true, force: true });
      const reused = this.#reused;
      this.#reused = false;
      await this.#tree(true);
      this.#reused &&= reused;
      for (const path of generated) {
        // What the scripts of packages have made is older.
        rmSync(join(dir, path), { recursive: true, force: true });
        move(join(aside, path), join(dir, path));
      }
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  }

  async #audit(): Promise<void> {
    const { dir, runner, rules, offline } = this.#request;
    const found = offline
      ? undefined
      : await whereNpmAsks(dir, this.#manager.kind, (place) =>
          audit(this.#here(false), { dir: place, runner, path: this.#npmPath() }),
        );
    if (!found) {
      if (rules.audit !== null && !offline) {
        throw new HoldfastError(
          'PACKAGES_REFUSED',
          'The registry does not say which packages are vulnerable',
          {
            hint: 'Take `release.install.audit` out of the configuration: this registry cannot answer',
          },
        );
      }
      this.#notes.push(NO_AUDIT);
      return;
    }
    const worst = rules.audit === null ? [] : atLeast(found, rules.audit);
    const [first] = worst;
    if (first) {
      throw new HoldfastError(
        'PACKAGES_REFUSED',
        `A package has a known vulnerability: ${vulnerabilityLine(first)}`,
        {
          hint: 'Update it; `npm audit fix` does it where that breaks nothing. The limit is `release.install.audit`',
          details: worst.map(vulnerabilityLine),
        },
      );
    }
    this.#notes.push(...found.map(vulnerabilityLine));
  }
}

function move(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
}

const NO_AUDIT = 'Nobody asked for known vulnerabilities: the registry cannot be asked';
/** So it is with every release from this registry. */
const LASTING: readonly string[] = [NO_SIGNATURES, NO_AUDIT];
const NO_CONTENT = { version: null, packages: [], devPaths: null, wants: null, answers: null };
