/** A deploy on this machine, from a source to a release that serves, and the way back. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { loadPlan } from '../config/load.ts';
import type { AppPlan, Plan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import type { HoldfastEvent } from '../protocol/events.ts';
import type { PromoteRequest, ReleaseRecord } from '../protocol/release.ts';
import { giveUpAbandoned } from './abandoned.ts';
import { currentRelease } from './current.ts';
import { lockDeploy } from './deploy-lock.ts';
import { matchesRelease } from './id.ts';
import { type Made, type MakeOptions, makeRelease } from './make.ts';
import { migrateRelease } from './migrate.ts';
import { nodesInUse } from './node/in-use.ts';
import type { ReleasePaths } from './paths.ts';
import { RecordFiles } from './records.ts';
import { removeExpired } from './retention/remove.ts';
import { pruneNodes } from './tools.ts';
import { openWorkshop } from './workshop.ts';

/** What a deploy needs of the daemon, see client/client.ts. */
export interface Promoter {
  promote(
    request: PromoteRequest,
    options: { onEvent?: (event: HoldfastEvent) => void; signal?: AbortSignal },
  ): Promise<unknown>;
  apps(): Promise<readonly { readonly name: string }[]>;
  plan(app: string): Promise<AppPlan>;
}

export interface DeployOptions extends MakeOptions {
  /** Run `release.migrate`: once per deploy, so on one host only. */
  readonly migrates: boolean;
  /** Also when the same content serves already. */
  readonly again: boolean;
  readonly connect: () => Promise<Promoter>;
  readonly onEvent: (event: HoldfastEvent) => void;
}

/** A Node may have been fetched for what is just being made. */
const HOUR_MS = 3_600_000;

/** What giving a release the traffic needs. */
export type Promotion = Pick<
  DeployOptions,
  | 'paths'
  | 'project'
  | 'machine'
  | 'connect'
  | 'onEvent'
  | 'onStep'
  | 'onLine'
  | 'signal'
  | 'shellEnv'
  | 'clock'
  | 'tools'
  | 'store'
>;

/** Null: what serves has this content already. */
export async function deploy(options: DeployOptions): Promise<ReleaseRecord | null> {
  const { paths, by, clock } = options;
  const lock = lockDeploy(paths, by, clock.now());
  try {
    const made = await prepareRelease(options);
    if (!made) return null;
    if (options.migrates) await migrateRelease(options, made);
    return await promoteRelease(options, made.record.id, 'deploy', made.plan);
  } finally {
    lock.release();
  }
}

/** All up to the migration; to be called with the lock. Null as for `deploy`. */
export async function prepareRelease(
  options: Omit<DeployOptions, 'connect' | 'onEvent' | 'migrates'>,
): Promise<Made | null> {
  const { paths, source, again } = options;
  const records = new RecordFiles(paths.records);
  giveUpAbandoned(records);
  const serving = records.read(currentRelease(paths) ?? '');
  if (!again && serving?.source.treeHash === source.record.treeHash) return null;
  return makeRelease(options);
}

/** Gives a release that is made the traffic; the daemon sees to it, also when nobody waits any more. */
export async function promoteRelease(
  options: Promotion,
  id: string,
  kind: PromoteRequest['kind'],
  given?: Plan,
): Promise<ReleaseRecord> {
  const { paths, project, connect, onEvent, onStep, signal } = options;
  const records = new RecordFiles(paths.records);
  const record = known(records, id);
  const plan = given ?? (await planOfRelease(options, record));
  const workshop = openWorkshop({
    ...options,
    id,
    rules: plan.release,
    users: Object.values(plan.apps).map(({ rights }) => rights.user),
  });
  const dir = join(paths.releases, id);
  if (kind === 'deploy') await workshop.hook('before promote', dir);
  const client = await connect();
  await client.promote(
    { project, release: id, root: paths.root, plan, kind },
    { onEvent: toldAlso(onEvent, records, id, onStep), signal },
  );
  if (kind === 'deploy') await workshop.hook('after promote', dir);
  await tidy(options, client, plan.release.keep);
  return known(records, id);
}

/** The release that was typed, or without one that which served before. */
export function findRelease(paths: ReleasePaths, typed: string | undefined): ReleaseRecord {
  const records = new RecordFiles(paths.records).list();
  const serving = currentRelease(paths);
  if (typed === undefined) {
    const before = records
      .filter(({ id, servedFrom }) => id !== serving && servedFrom !== null)
      .sort((a, b) => ((a.servedUntil ?? '') < (b.servedUntil ?? '') ? 1 : -1))[0];
    if (before) return before;
    throw new HoldfastError(
      'RELEASE_UNKNOWN',
      'There is no release to go back to: none has served before this one',
    );
  }
  const found = records.filter(({ id }) => matchesRelease(id, typed));
  const [first, second] = found;
  if (first && !second) return first;
  if (!first) throw new HoldfastError('RELEASE_UNKNOWN', `There is no release "${typed}"`);
  throw new HoldfastError('RELEASE_UNKNOWN', `Several releases are called "${typed}"`, {
    details: found.map(({ id }) => id),
  });
}

async function planOfRelease(
  { paths, project, shellEnv, clock, tools, onLine }: Promotion,
  { id, config }: ReleaseRecord,
): Promise<Plan> {
  const release = { id, project, source: join(paths.current, config) };
  const plan = await loadPlan({ file: config, cwd: join(paths.releases, id), env: shellEnv, clock, release });
  return tools.plan(plan, { dir: join(paths.releases, id), tools: paths.tools, say: onLine });
}

/** The daemon writes down what it does with the release: the same is told here, step by step. */
function toldAlso(
  onEvent: DeployOptions['onEvent'],
  records: RecordFiles,
  id: string,
  onStep: DeployOptions['onStep'],
): DeployOptions['onEvent'] {
  const told = new Map(records.read(id)?.steps.map((step) => [step.name, step.outcome]));
  return (event) => {
    onEvent(event);
    if (!event.type.startsWith('release.')) return;
    for (const step of records.read(id)?.steps ?? []) {
      if (told.get(step.name) === step.outcome) continue;
      told.set(step.name, step.outcome);
      onStep(step);
    }
  };
}

/** Removes releases beyond `keep`, and what nobody has any more; to be called with the lock. */
async function tidy(
  { paths, store, clock, onLine }: Promotion,
  client: Promoter,
  keep: number,
): Promise<void> {
  const files = new RecordFiles(paths.records);
  const current = currentRelease(paths);
  const { releases, notes } = await removeExpired({ paths, records: files.list(), keep, current });
  for (const note of notes) onLine(note);
  if (releases.length === 0) return;
  await store.collect();
  const apps = await Promise.all((await client.apps()).map(({ name }) => client.plan(name)));
  pruneNodes(paths.tools, nodesInUse(await allRecords(paths), apps), clock.now() - HOUR_MS);
}

/** Of all projects: they share the Nodes. */
async function allRecords({ root }: ReleasePaths): Promise<ReleaseRecord[]> {
  const projects = await readdir(dirname(root));
  return projects.flatMap((project) => new RecordFiles(join(dirname(root), project, 'records')).list());
}

function known(records: RecordFiles, id: string): ReleaseRecord {
  const record = records.read(id);
  if (record) return record;
  throw new HoldfastError('RELEASE_UNKNOWN', `The record of the release "${id}" is gone`);
}
