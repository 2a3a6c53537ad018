/** Heroku and Dokku: a Procfile and app.json. Both build by themselves, from package.json and the lockfile. */
import { posix } from 'node:path';
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { platformLosses } from '../containers/losses.ts';
import { managed } from '../containers/managed.ts';
import { type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { shellWord } from '../services/shell.ts';

export function heroku(plan: Plan, options: ExportOptions): Exported {
  // The ports are the platform's, so none is put in.
  const workloads = workloadsOf(plan, { ...options, places: new Map() }).filter(({ app }) => !app.job);
  const names = typesOf(plan, workloads);
  const losses = [...platformLosses(plan, words), ...severalLosses(names)];
  const head = comment('#', [
    'Written by `hold export heroku`, to lie beside package.json. Only the type `web` gets requests.',
    ...workloads
      .filter(({ app }) => app.instances > 1)
      .map((one) => `heroku ps:scale ${names.get(one)}=${one.app.instances}`),
    ...(losses.length > 0 ? ['', 'Not in these files:', ...lossLines(losses)] : []),
  ]);
  const release =
    plan.release.migrate === null ? [] : [`release: ${plan.release.migrate.map(shellWord).join(' ')}\n`];
  const lines = workloads.map((one) => `${names.get(one)}: ${command(one)}\n`);
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

/** The first that gets requests is `web`. */
function typesOf(plan: Plan, workloads: readonly Workload[]): ReadonlyMap<Workload, string> {
  const routed = Object.values(plan.sites).flatMap(({ routes }) =>
    routes.flatMap(({ to }) => (to.kind === 'app' ? [to.app] : [])),
  );
  const web =
    workloads.find(({ app }) => app.name === routed[0]) ??
    workloads.find(({ app }) => app.port !== null) ??
    workloads[0];
  return new Map(
    workloads.map((one) => {
      const own = one.app.name.replaceAll(/[^A-Za-z0-9_-]+/g, '-');
      if (one === web) return [one, 'web'];
      return [one, own === 'web' || own === 'release' ? `${own}-app` : own];
    }),
  );
}

function severalLosses(names: ReadonlyMap<Workload, string>): Loss[] {
  return [...names]
    .filter(([{ app }, type]) => type !== 'web' && (app.port !== null || app.ready.by === 'listen'))
    .map(([{ app }]) => ({
      setting: `apps.${app.name}`,
      text: 'it gets no requests: only the type `web` does',
    }));
}

function command({ argv, cwd }: Workload): string {
  const dir = posix.relative('/app', cwd);
  const words = argv.map((word, index) => (index === 0 ? shellWord(word) : withPort(word)));
  return `${dir === '' ? '' : `cd ${shellWord(dir)} && `}exec ${words.join(' ')}`;
}

/** The shell puts the port in, and nothing else. */
function withPort(arg: string): string {
  const parts = arg.split(/\$PORT\b|\$\{PORT\}/);
  return parts.map((part) => (part === '' && parts.length > 1 ? '' : shellWord(part))).join('"$PORT"');
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
