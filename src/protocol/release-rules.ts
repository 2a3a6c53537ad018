/** How releases of a project are made, tried, kept and sent to other machines: settings of the configuration, complete. */

export interface ReleaseRules {
  /** Commands that make what is served out of what is in the repository, word by word; null = the script `build` of package.json, if there is one. */
  readonly build: readonly (readonly string[])[] | null;
  /** Run once per deploy, after the build and before any instance of the release; null = nothing. */
  readonly migrate: readonly string[] | null;
  /** Paths in the release that are the same for all releases: relative, without `..`; with `/` at the end a directory. */
  readonly shared: readonly string[];
  /** Directories whose files of earlier releases stay reachable: old pages ask for old hashed names. Relative. */
  readonly assets: readonly string[];
  /** How many releases stay on disk, the one that serves not counted. */
  readonly keep: number;
  /** Paths that one instance of the new release must answer well (2xx, 3xx) before anybody gets to see it. */
  readonly smoke: readonly string[];
  /** Shares of the traffic (0 to 1) that the new release gets first, in this order; empty = all at once, instance by instance. */
  readonly canary: readonly number[];
  /** How long each of these shares is watched. */
  readonly canaryStepMs: number;
  /** How long the new release is watched when it has all the traffic, before the old one is given up. */
  readonly bakeMs: number;
  /** Who runs install and build when Holdfast runs as root; null = the user of the apps, else `nobody`. */
  readonly buildUser: string | null;
  /** Names of variables that builds get besides PATH, HOME, LANG … */
  readonly buildEnv: readonly string[];
  readonly install: InstallRules;
  /** By `before <step>` and `after <step>`: a command, word by word. */
  readonly hooks: Readonly<Record<string, readonly string[]>>;
}

export interface InstallRules {
  /** Packages whose install scripts are run; all others' are not. */
  readonly allowScripts: readonly string[];
  /** Versions that are younger are not installed, unless the release before had them. */
  readonly coolDownMs: number;
  /** A known vulnerability of this severity or above in what runs in production refuses the release; null = it is told, no more. */
  readonly audit: 'low' | 'moderate' | 'high' | 'critical' | null;
  /** Ask the registry for its signatures of what is new. */
  readonly signatures: boolean;
}

/** Machines to which `hold deploy <name>` sends releases. */
export interface DeployTarget {
  readonly name: string;
  /** As for ssh(1): `deploy@app1`, or a name of ~/.ssh/config. */
  readonly hosts: readonly string[];
  /** How many hosts change at a time. */
  readonly batch: number;
  /** The home of Holdfast there; null = as it is by itself. */
  readonly home: string | null;
  /** The program there. */
  readonly command: string;
  /** Commands on this machine, word by word, by `before host` and `after host`; they get HOLDFAST_HOST. */
  readonly hooks: Readonly<Record<string, readonly string[]>>;
}

/**
 * The steps of a deploy, in their order:
 * - check: is there room, and all that is needed
 * - unpack: the source, in a directory of its own
 * - install: packages, exactly as in the lockfile
 * - build
 * - seal: what is in it for good: without development packages, shared paths linked, read-only
 * - migrate
 * - trial: one instance of each app, without traffic
 * - canary: a part of the traffic
 * - rollout: all of it, instance by instance
 * - bake: everything runs on it, and is watched
 */
export type StepName =
  | 'check'
  | 'unpack'
  | 'install'
  | 'build'
  | 'seal'
  | 'migrate'
  | 'trial'
  | 'canary'
  | 'rollout'
  | 'bake';
