/** Releases as they are kept on disk and told over the control API. */
import type { Plan } from '../config/plan.ts';
import type { StepName } from './release-rules.ts';

export interface ReleaseRecord {
  /** `20261123-214500-3f2a91c`: when it was made (UTC), and the beginning of its commit or of its tree's hash. */
  readonly id: string;
  readonly project: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly outcome: ReleaseOutcome;
  /** Why it has failed, was rolled back or given up; one line for people. */
  readonly reason: string | null;
  readonly source: SourceRecord;
  /** Who asked for it. */
  readonly by: {
    readonly user: string;
    readonly host: string;
    readonly via: 'local' | 'ssh' | 'push';
    /** The address that their ssh session came from, see SSH_CONNECTION in ssh(1); absent when there was none. */
    readonly from?: string;
  };
  /** The configuration file, relative to the release. */
  readonly config: string;
  /** Null as long as it is not known. */
  readonly node: { readonly version: string; readonly path: string; readonly abi: string } | null;
  readonly packages: PackagesRecord | null;
  /** Absolute paths of all the Nodes that its apps run on, which must stay as long as it does; older records have none. */
  readonly nodes?: readonly string[];
  readonly steps: readonly StepRecord[];
  /** Set when it got, or lost, the traffic; ISO 8601. */
  readonly servedFrom: string | null;
  readonly servedUntil: string | null;
}

/**
 * - making: up to `migrate`, on disk only
 * - made: ready to be promoted
 * - promoting: trial, canary, rollout
 * - baking: has all the traffic, and is watched
 * - serving: has all the traffic, for good
 * - superseded: had it; a later release serves
 * - rolledBack: had all of it, and lost it to the one before
 * - failed: never had all of it
 * - abandoned: whoever made it was ended, or gave up; or a person did, before it had all of the traffic
 */
export type ReleaseOutcome =
  | 'making'
  | 'made'
  | 'promoting'
  | 'baking'
  | 'serving'
  | 'superseded'
  | 'rolledBack'
  | 'failed'
  | 'abandoned';

export interface SourceRecord {
  readonly kind: 'git' | 'directory' | 'tarball';
  /** As it was named: a path, a URL (without its password), a ref. */
  readonly from: string;
  readonly ref: string | null;
  readonly commit: string | null;
  readonly author: string | null;
  readonly subject: string | null;
  /** Files of the working tree that differ from the commit, and are in it. */
  readonly dirty: boolean;
  /** Of the tree as unpacked, see release/tree.ts: the same commit has the same everywhere. */
  readonly treeHash: string;
}

export interface PackagesRecord {
  /** `npm`, `pnpm`, `yarn`, `bun`, and its exact version. */
  readonly manager: string;
  readonly managerVersion: string;
  readonly lockfile: string;
  readonly lockfileHash: string;
  /** Installed for production. */
  readonly count: number;
  /** The tree was in the store already. */
  readonly reused: boolean;
  /** What a person should know, a line each: scripts that were not run, packages without a signature, vulnerabilities. */
  readonly notes: readonly string[];
}

export interface StepRecord {
  readonly name: StepName;
  readonly startedAt: string;
  readonly tookMs: number | null;
  readonly outcome: 'running' | 'done' | 'skipped' | 'failed';
  /** One line for people: `412 packages, from the store`. */
  readonly note: string | null;
}

/** What `POST /v1/releases/promote` is told. */
export interface PromoteRequest {
  readonly project: string;
  readonly release: string;
  /** Directory that `current` is in, absolute. */
  readonly root: string;
  /** Of the release; `source` is the path of its configuration file through `current`. */
  readonly plan: Plan;
  /** A rollback is neither tried nor watched. */
  readonly kind: 'deploy' | 'rollback';
}

/** What a release will be called by, before it is made. */
export interface ReleaseNames {
  /** Of its configuration file, through `current`. */
  readonly source: string;
  readonly apps: readonly string[];
  /** Hosts. */
  readonly sites: readonly string[];
}

/** Of a release that came to nothing before it was promoted. */
export interface ReleaseFailure {
  readonly release: string;
  readonly step: StepName | null;
  readonly reason: string;
  readonly by: string;
}

/** A promotion as the daemon knows it; null in `GET /v1/releases` when there was none. */
export interface PromotionView {
  readonly project: string;
  /** Has the traffic, or most of it. */
  readonly serving: string | null;
  readonly previous: string | null;
  /** Under way. */
  readonly promotion: {
    readonly release: string;
    readonly step: Extract<StepName, 'trial' | 'canary' | 'rollout' | 'bake'> | 'rollback';
    /** The share that it has in `canary`. */
    readonly share: number | null;
    /** ISO 8601; when the step ends, if nothing goes wrong. */
    readonly until: string | null;
  } | null;
}
