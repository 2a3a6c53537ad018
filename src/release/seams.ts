/** What the parts of a deploy know of each other. Each part has a folder; make.ts puts them together. */

import type { ReleaseFacts } from '../config/load.ts';
import type { Plan } from '../config/plan.ts';
import type { PackagesRecord, SourceRecord } from '../protocol/release.ts';
import type { InstallRules } from '../protocol/release-rules.ts';
import type { Tree, TreeFile } from './tree.ts';

/** store/: contents by their hash, hard-linked wherever they are wanted; the number of links says whether anybody does. */
export interface FileStore {
  has(file: TreeFile): boolean;
  /** Those that it lacks. */
  missing(tree: Tree): TreeFile[];
  /** Takes a content; throws HoldfastError SOURCE_INVALID when it is not what the hash says. */
  add(file: TreeFile, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** Makes the tree in `dir`, which must not hold any of it, by links. Files are read-only. */
  materialise(tree: Tree, dir: string, how?: Linking): Promise<void>;
  /**
   * Takes all files of `dir`, except below the relative paths in `without`, and puts links in their places, so that what is the same in
   * two releases is there once. They become root's or the daemon's, and read-only.
   */
  absorb(dir: string, without?: readonly string[], how?: Linking): Promise<Tree>;
  /** Remembers what was made of what the key says, so that it need not be made again. */
  saveTree(key: string, tree: Tree): void;
  /** Null = not there, or not all of it any more. */
  loadTree(key: string): Tree | null;
  /** Removes what nobody wants any more; returns the bytes that this freed. */
  collect(): Promise<number>;
}

export interface Linking {
  /** Files of their own in the place of links: somebody may change them, who could change those of all releases. */
  readonly copies?: boolean;
}

/** source/: where a release comes from. */
export interface Source {
  readonly record: SourceRecord;
  readonly tree: Tree;
  /** What a person should know: files that are not in it, submodules, LFS pointers. */
  readonly notes: readonly string[];
  read(file: TreeFile): AsyncIterable<Uint8Array>;
  /** Removes what was made for it. */
  close(): Promise<void>;
}

/** How a step runs programs: as the build user, with its scrubbed environment, its output to the step's log and the progress. */
export interface StepRunner {
  /**
   * @throws HoldfastError STEP_FAILED with the last lines of its output, when it does not end with 0
   */
  run(words: readonly string[], options: StepCommand): Promise<void>;
  /** The same, and returns what it wrote to stdout; of that nothing is logged. */
  read(words: readonly string[], options: StepCommand): Promise<string>;
  /** A line for the step's log and the progress. */
  say(line: string): void;
}

export interface StepCommand {
  /** Absolute. */
  readonly cwd: string;
  /** Besides the scrubbed environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Directories put before PATH: those of node and the package manager. */
  readonly path?: readonly string[];
  /** Exit codes that are no failure, besides 0. */
  readonly alsoGood?: readonly number[];
}

/** node/: the Node that a release runs on. */
export interface NodeRuntime {
  /** `24.5.0` */
  readonly version: string;
  /** Absolute path of the program. */
  readonly path: string;
  /** `process.versions.modules` */
  readonly abi: string;
}

/** packages/: one package of a lockfile, in the terms of all managers. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** Where it comes from. */
  readonly from: 'registry' | 'git' | 'url' | 'file' | 'workspace';
  /** As the lockfile says it; null when it does not. */
  readonly resolved: string | null;
  /** As in `integrity` of package-lock.json; null when there is none. */
  readonly integrity: string | null;
  readonly dev: boolean;
  /** Null = the lockfile does not say. */
  readonly hasInstallScript: boolean | null;
  /** Absent = it is for all machines, or the lockfile does not say. */
  readonly machines?: PackageMachines;
}

/** `os`, `cpu` and `libc` of a package.json: it is installed where all of them fit. An empty list fits everywhere. */
export interface PackageMachines {
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc: readonly string[];
}

export interface PackagesRequest {
  /** The release's directory; it is writable by the build user. */
  readonly dir: string;
  readonly node: NodeRuntime;
  readonly rules: InstallRules;
  /** Of the release that serves; null = there is none, so there is nothing to compare with. */
  readonly before: readonly LockedPackage[] | null;
  /** `name` or `name@version` of what may be new although it is young, from git, or has an install script. */
  readonly allowNew: readonly string[];
  /** Nothing is fetched. */
  readonly offline: boolean;
  readonly store: FileStore;
  /** Directory of tools, see ReleasePaths. */
  readonly tools: string;
  /** A build follows, which needs development packages. */
  readonly builds: boolean;
  readonly runner: StepRunner;
}

/** packages/ and node/, as make.ts uses them. */
export interface PackageTools {
  /** The Node that installs, builds and migrates: what the release wants, fetched when it is not there. */
  node(facts: ReleaseFacts, request: Omit<PackagesRequest, 'node'>): Promise<NodeRuntime>;
  /** All that the build needs; null = the release has no packages. */
  prepare(request: PackagesRequest): Promise<Prepared | null>;
  /** Leaves what production needs; null = the release has no packages. */
  produce(request: PackagesRequest): Promise<Produced | null>;
  /** The plan with the Node of each app, which is fetched when it is not there. `dir`: the release. */
  plan(plan: Plan, place: NodePlace): Promise<Plan>;
  /** `npm`, `pnpm`, `yarn` or `bun`. */
  managerOf(dir: string): string;
}

export interface NodePlace {
  readonly dir: string;
  readonly tools: string;
  /** Nothing is fetched. */
  readonly offline?: boolean;
  readonly say: (line: string) => void;
}

export interface Prepared {
  /** Directories for PATH: of node and the manager. */
  readonly path: readonly string[];
  /** For people: `412 packages, from the store`. */
  readonly note: string;
}

export interface Produced {
  readonly record: PackagesRecord;
  /** Those notes of the record that are the same for each release of a registry: they are told when they are new. */
  readonly lasting: readonly string[];
  readonly packages: readonly LockedPackage[];
  /** CycloneDX, JSON. */
  readonly sbom: string;
  /** Paths in the release, such as `node_modules`, that are links of the store already. */
  readonly trees: readonly string[];
}
