/** A deploy on this machine, from a source to a release that serves, and the way back. */
import { join } from 'node:path';
import { loadPlan } from '../config/load.ts';
import type { AppPlan, Plan } from '../config/plan.ts';
import { asHoldfastError, HoldfastError } from '../errors.ts';
import type { HoldfastEvent } from '../protocol/events.ts';
import type { PromoteRequest, ReleaseRecord } from '../protocol/release.ts';
import { giveUpAbandoned } from './abandoned.ts';
import { lockDeploy } from './deploy-lock.ts';
import { requireServed } from './find-release.ts';
import { type Made, type MakeOptions, makeRelease } from './make.ts';
import { migrateRelease } from './migrate.ts';
import { RecordFiles } from './records.ts';
import { tellFailure } from './tell-failure.ts';
import { tidyAfter, tidyBefore } from './tidy.ts';
import { lookAtReleases, refuseIfUnderWay } from './under-way.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

export { findRelease } from './find-release.ts';

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
  | 'onNote'
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

/**
 * All up to the migration; to be called with the lock. Null as for `deploy`.
 *
 * @throws HoldfastError DEPLOY_LOCKED while the daemon goes on with the promotion of another
 */
export async function prepareRelease(
  options: Omit<DeployOptions, 'connect' | 'onEvent' | 'migrates'>,
): Promise<Made | null> {
  const { paths, project, source, again } = options;
  const records = new RecordFiles(paths.records);
  const view = await lookAtReleases(paths, project);
  refuseIfUnderWay(view);
  giveUpAbandoned(records);
  await tidyBefore(options);
  // As the daemon says: after `hold down` nothing serves, wherever `current` leads.
  const serving = records.read(view?.serving ?? '');
  if (!again && serving?.source.treeHash === source.record.treeHash) return null;
  return makeRelease(options);
}

/**
 * Gives a release that is made the traffic; the daemon sees to it, also when nobody waits any more. To be called with the lock.
 *
 * @param given the plan that it was made with; without it that which was kept when it was made
 */
export async function promoteRelease(
  options: Promotion,
  id: string,
  kind: PromoteRequest['kind'],
  given?: Plan,
): Promise<ReleaseRecord> {
  const { paths, project } = options;
  const records = new RecordFiles(paths.records);
  const record = known(records, id);
  if (kind === 'rollback') requireServed(paths, record);
  const plan = given ?? records.readPlan(id) ?? (await planOfRelease(options, record));
  const users = Object.values(plan.apps).map(({ rights }) => rights.user);
  const workshop = kind === 'deploy' ? openWorkshop({ ...options, id, rules: plan.release, users }) : null;
  const client = await handOver(
    options,
    { project, release: id, root: paths.root, plan, kind },
    workshop,
    records,
  );
  await finish(options, 'The hook "after promote" failed', async () =>
    runHook(options, workshop, id, 'after'),
  );
  await finish(options, 'Not all could be removed that is not needed any more', () =>
    tidyAfter(options, plan.release.keep, async () => {
      const apps = await client.apps();
      return Promise.all(apps.map(({ name }) => client.plan(name)));
    }),
  );
  return known(records, id);
}

/** Resolves when it serves. */
async function handOver(
  options: Promotion,
  request: PromoteRequest,
  workshop: Workshop | null,
  records: RecordFiles,
): Promise<Promoter> {
  const { connect, onEvent, onStep, signal } = options;
  const { release } = request;
  let asked = false;
  try {
    await runHook(options, workshop, release, 'before');
    const client = await connect();
    asked = true;
    await client.promote(request, { onEvent: toldAlso(onEvent, records, release, onStep), signal });
    return client;
  } catch (error) {
    // What the daemon has begun it ends, and writes down. That it is gone, or we are, does not say whether it has.
    const unsure = asked && (signal.aborted || asHoldfastError(error).code === 'DAEMON_UNREACHABLE');
    if (!unsure && records.read(release)?.outcome === 'made')
      await writeDown(options, records, release, error);
    if (!unsure || signal.aborted) throw error;
    const { code, message } = asHoldfastError(error);
    throw new HoldfastError(code, message, {
      hint: 'What it has begun it goes on with as soon as it runs again: `hold releases` shows it',
      cause: error,
    });
  }
}

/** It came to nothing before the daemon had begun with it. */
async function writeDown(
  { paths, signal }: Promotion,
  records: RecordFiles,
  id: string,
  error: unknown,
): Promise<void> {
  const given = signal.aborted;
  const reason = given ? 'it was given up' : asHoldfastError(error).message;
  records.update(id, (old) => ({ ...old, outcome: given ? 'abandoned' : 'failed', reason }));
  await tellFailure(paths.home, known(records, id));
}

async function runHook(
  { paths }: Promotion,
  workshop: Workshop | null,
  id: string,
  when: 'before' | 'after',
): Promise<void> {
  if (!workshop) return;
  workshop.output.begin('promote');
  try {
    await workshop.hook(`${when} promote`, join(paths.releases, id));
  } finally {
    workshop.output.end();
  }
}

/** It serves: what fails from now on is worth a word, and changes nothing about that. */
async function finish({ onNote }: Promotion, what: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    onNote(`${what}: ${asHoldfastError(error).message}. The release serves all the same`);
  }
}

/** Of a release that was made by a Holdfast which did not keep it. */
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
  const steps = () => records.read(id)?.steps ?? [];
  // One that serves for the second time has been rolled out twice.
  const told = new Map(steps().map((step) => [`${step.name} ${step.startedAt}`, step.outcome]));
  return (event) => {
    onEvent(event);
    if (!event.type.startsWith('release.')) return;
    for (const step of steps()) {
      const key = `${step.name} ${step.startedAt}`;
      if (told.get(key) === step.outcome) continue;
      told.set(key, step.outcome);
      onStep(step);
    }
  };
}

function known(records: RecordFiles, id: string): ReleaseRecord {
  const record = records.read(id);
  if (record) return record;
  throw new HoldfastError('RELEASE_UNKNOWN', `The record of the release "${id}" is gone`);
}
