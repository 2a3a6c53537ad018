/** Heroku and Dokku: a Procfile and app.json. Both build by themselves, from package.json and the lockfile. */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { platformLosses } from '../containers/losses.ts';
import { managed } from '../containers/managed.ts';
import { commandLine, processTypes, severalLosses } from '../containers/process-types.ts';
import { type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { shellWord } from '../services/shell.ts';

export function heroku(plan: Plan, options: ExportOptions): Exported {
  // The ports are the platform's, so none is put in.
  const workloads = workloadsOf(plan, { ...options, places: new Map() }).filter(({ app }) => !app.job);
  const names = processTypes(plan, workloads);
  const losses = [...platformLosses(plan, options, words), ...severalLosses(names)];
  const head = comment('#', [
    'Written by `hold export heroku`, to lie beside package.json. Only the type `web` gets requests.',
    ...workloads
      .filter(({ app }) => app.instances > 1)
      .map((one) => `heroku ps:scale ${names.get(one)}=${one.app.instances}`),
    ...(losses.length > 0 ? ['', 'Not in these files:', ...lossLines(losses)] : []),
  ]);
  const release =
    plan.release.migrate === null ? [] : [`release: ${plan.release.migrate.map(shellWord).join(' ')}\n`];
  const lines = workloads.map((one) => `${names.get(one)}: ${commandLine(one)}\n`);
  return {
    files: [
      { path: 'Procfile', text: head + [...release, ...lines].join(''), mode: 0o644 },
      {
        path: 'app.json',
        text: `${JSON.stringify(appJson(workloads, names, options), null, 2)}\n`,
        mode: 0o644,
      },
    ],
    losses,
  };
}

function appJson(
  workloads: readonly Workload[],
  names: ReadonlyMap<Workload, string>,
  { name }: ExportOptions,
) {
  const env = Object.fromEntries(
    workloads
      .flatMap(({ env: own, secrets }) => [
        // Those of the first count, where apps have other values of one name.
        ...Object.entries(own).map(([key, value]) => [key, { value }] as const),
        ...secrets.map((key) => [key, { required: true }] as const),
      ])
      .toReversed(),
  );
  return {
    name,
    // Servers that listen on the loopback interface by themselves are not found there.
    env: { HOST: { value: '0.0.0.0' }, ...env },
    formation: Object.fromEntries(
      workloads.map((one) => [names.get(one), { quantity: one.app.autostart ? one.app.instances : 0 }]),
    ),
    buildpacks: [{ url: 'heroku/nodejs' }],
  };
}

const words = managed({
  autostart: 'kept',
  port: (port, { portStep }) =>
    port === null && portStep === 0 ? undefined : 'the platform chooses the port, and says it by PORT',
  env: (env) => ({ PATH: env.PATH === undefined ? undefined : 'it is the one of the platform' }),
  node: (node) => (node ? 'say it in package.json: `engines.node`' : undefined),
  health: (health) => (health ? 'nobody asks whether it is well' : undefined),
  ready: ({ by }, { job }) =>
    job || by === 'auto' || by === 'listen'
      ? undefined
      : 'web is ready when it listens, others when they run',
  stop: ({ message, ends }) => ({
    signal: 'it gets SIGTERM',
    timeout: 'it is killed after 30 s',
    message: message ? 'it gets SIGTERM instead' : undefined,
    ends: ends === 'process' ? 'all processes get the signal' : undefined,
  }),
  drainMs: () => 'it gets its signal at once, and must finish what it has within 30 s',
});
