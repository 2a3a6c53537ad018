/** Commands about an ecosystem file: each app in it is started, restarted, reloaded, stopped or deleted. */
import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import type { Client } from '../../client/client.ts';
import {
  type EcosystemFile,
  isEcosystemName,
  readEcosystem,
  readEcosystemText,
} from '../../config/import/pm2-file.ts';
import type { AppPlan } from '../../config/plan.ts';
import type { AppView } from '../../protocol/api.ts';
import { type Planned, planned } from './plans.ts';
import { allOf, fail, type Session } from './session.ts';

export type FileVerb = 'start' | 'restart' | 'reload' | 'stop' | 'delete';

/** `-` is stdin. */
export function ecosystemTarget(word: string): boolean {
  return word === '-' || isEcosystemName(word);
}

/** PM2 looks for these when `start` is said alone. */
export function ecosystemHere(cwd: string): string | undefined {
  const stems = ['ecosystem.config', 'pm2.config', 'ecosystem', 'process'];
  const names = [
    ...stems.slice(0, 2).flatMap((stem) => [`${stem}.js`, `${stem}.cjs`, `${stem}.mjs`]),
    ...stems.flatMap((stem) => [`${stem}.json`, `${stem}.yml`, `${stem}.yaml`]),
  ];
  return names.find((name) => existsSync(resolve(cwd, name)));
}

export async function runEcosystem(session: Session, word: string, verb: FileVerb): Promise<void> {
  const { context, words, voice } = session;
  const file = word === '-' ? undefined : resolve(context.cwd, word);
  if (file !== undefined && !existsSync(file)) fail(session, `File ${word} not found`);
  const read =
    file === undefined
      ? readEcosystemText(await text(context.stdin), 'stdin')
      : await readEcosystem(file, basename(file));
  const plans = await planAll(
    session,
    onlyNamed(session, read),
    file === undefined ? context.cwd : dirname(file),
  );
  if (verb === 'stop' || verb === 'delete') return endAll(session, plans, verb);
  for (const { plan, notes } of plans) for (const note of notes) voice.warn(`${plan.name}: ${note}`);
  const environment = words.options.get('env');
  if (environment !== undefined && !read.apps.some((app) => app[`env_${environment}`] !== undefined))
    voice.warn(`Environment [${environment}] is not defined in ${word}`);
  const client = await context.connect();
  const known = new Set((await client.apps()).map(({ name }) => name));
  const fresh = plans.filter(({ plan }) => !known.has(plan.name)).map(({ plan }) => plan.name);
  if (fresh.length > 0 && verb !== 'start')
    voice.warn(`Applications ${fresh.join(', ')} not running, starting...`);
  // In the order of the file, so that numbers are the same every time.
  await allOf(
    session,
    plans.map(
      ({ plan }) =>
        () =>
          begin(session, client, plan, verb),
    ),
    false,
  );
}

/** `--only api,worker` */
function onlyNamed(session: Session, { apps }: EcosystemFile): EcosystemFile['apps'] {
  const only = session.words.options.get('only');
  if (only === undefined) return apps;
  const names = only.split(/[,\s]+/).filter(Boolean);
  const found = apps.filter(
    ({ name, namespace }) => names.includes(String(name)) || names.includes(String(namespace)),
  );
  if (found.length === 0) fail(session, `There is no app ${only} in the file`);
  return found;
}

/** What the command line says goes before what the file says. */
async function planAll(session: Session, apps: EcosystemFile['apps'], beside: string): Promise<Planned[]> {
  const { words } = session;
  const plans = await Promise.all(
    apps.map((app) => planned(session, { ...app, ...words.app }, { args: words.scriptArgs, beside })),
  );
  const names = new Set<string>();
  for (const { plan } of plans) {
    if (names.has(plan.name))
      fail(session, `There are two apps named ${plan.name} in the file: names are unique`);
    names.add(plan.name);
  }
  return plans;
}

async function begin(
  session: Session,
  client: Client,
  plan: AppPlan,
  verb: 'start' | 'restart' | 'reload',
): Promise<void> {
  const { voice, context } = session;
  const options = { signal: context.signal };
  const old = (await client.apps()).find(({ name }) => name === plan.name);
  if (!old || !isUp(old)) {
    await startPlan(session, client, plan, old);
    return;
  }
  const changed = changedSettings(await client.plan(plan.name), plan);
  if (changed.length === 0) {
    await client[verb === 'reload' ? 'reload' : 'restart'](plan.name, options, {
      env: plan.env,
      baseEnv: plan.baseEnv,
    });
  } else if (changed.length === 1 && changed[0] === 'instances' && verb === 'reload') {
    await client.scale(plan.name, plan.instances, options);
    await client.reload(plan.name, options, { env: plan.env, baseEnv: plan.baseEnv });
  } else if (verb === 'reload') {
    await client.reload(plan.name, options, { env: plan.env, baseEnv: plan.baseEnv });
    voice.warn(
      `${plan.name}: changed in the file and not in what runs: ${changed.join(', ')}; restart with the file applies it`,
    );
  } else {
    await client.stop(plan.name, options);
    await client.startApp(plan, options);
  }
  for (const id of old.numbers) voice.say(`[${plan.name}](${id}) ✓`);
}

/** It runs, or is about to; one that waits after a crash is as good as down. */
export function isUp({ status, instances }: AppView): boolean {
  if (['stopped', 'failed', 'done', 'waiting'].includes(status)) return false;
  return !instances.every((instance) => instance.status === 'backoff' || instance.status === 'failed');
}

/** Starts a plan that does not run, and says so. A job runs at once, too, as it does under PM2. `old`: what is known by its name. */
export async function startPlan(
  session: Session,
  client: Client,
  plan: AppPlan,
  old?: AppView,
): Promise<void> {
  const { voice, context } = session;
  const options = { signal: context.signal };
  if (old && old.status !== 'stopped') await client.stop(plan.name, options);
  const view = await client.startApp(plan, options);
  if (plan.job) await client.runJob(plan.name, options);
  const count = view.numbers.length;
  voice.say(
    plan.autostart
      ? `App [${plan.name}] launched (${count} ${count === 1 ? 'instance' : 'instances'})`
      : `App [${plan.name}] added, not started`,
  );
}

/** Names of settings; the environment is not among them. */
function changedSettings(old: AppPlan, next: AppPlan): string[] {
  const plain = (plan: AppPlan) =>
    JSON.parse(JSON.stringify({ ...plan, env: null, baseEnv: null })) as Record<string, unknown>;
  const [before, after] = [plain(old), plain(next)];
  return Object.keys(after).filter((key) => !isDeepStrictEqual(before[key], after[key]));
}

async function endAll(session: Session, plans: readonly Planned[], verb: 'stop' | 'delete'): Promise<void> {
  const client = await session.context.look();
  const apps = client ? await client.apps() : [];
  const found = apps.filter(({ name }) => plans.some(({ plan }) => plan.name === name));
  if (!client || found.length === 0) fail(session, 'None of the apps of the file is there');
  await allOf(
    session,
    found.map(({ name, numbers }) => async () => {
      await client[verb](name, { signal: session.context.signal });
      for (const id of numbers) session.voice.say(`[${name}](${id}) ✓`);
    }),
    true,
  );
}
