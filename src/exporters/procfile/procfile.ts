/** A Procfile, as foreman, overmind and the like read it: a name and a line of sh for each app. */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { type InitFates, initLosses, readyLost } from '../services/losses.ts';
import { programOf, type Service, servicesOf } from '../services/service.ts';
import { shellWord } from '../services/shell.ts';

export function procfile(plan: Plan, options: ExportOptions): Exported {
  const services = servicesOf(plan, options).filter(({ app, slot }) => slot === 0 && !app.job);
  const secrets = services
    .filter(({ env }) => env.secret.length > 0)
    .map(({ app, env }) => ({
      setting: `apps.${app.name}.env`,
      text: `what looks secret is not in the file: put ${env.secret.join(', ')} into .env`,
    }));
  const losses = [...secrets, ...initLosses(plan, options, fates)];
  const several = services
    .filter(({ app }) => app.instances > 1)
    .map(({ app }) => `${nameOf(app.name)}=${app.instances}`);
  const text = comment('#', [
    'Written by `hold export procfile`. The program that reads it chooses the ports (PORT) and the number of instances.',
    ...(several.length > 0 ? [`As many as configured: \`foreman start -m all=1,${several.join(',')}\``] : []),
    ...(losses.length > 0
      ? ['', 'Not in this file, because a Procfile has no words for it:', ...lossLines(losses)]
      : []),
  ]);
  const lines = services.map((service) => `${nameOf(service.app.name)}: ${line(service, options)}\n`);
  return { files: [{ path: 'Procfile', text: text + lines.join(''), mode: 0o644 }], losses };
}

/** What all of these programs take. */
function nameOf(app: string): string {
  return app.replace(/[^A-Za-z0-9_-]+/g, '-');
}

function line({ app, env }: Service, options: ExportOptions): string {
  const { PORT, HOLDFAST_INSTANCE, ...open } = env.open;
  const argv = programOf(app, options, (arg) => arg);
  const words = argv.map((word, index) => (index === 0 ? shellWord(word) : withPort(word)));
  return [
    `cd ${shellWord(app.cwd)} &&`,
    ...Object.entries(env.files).map(
      ([name, path]) => `${name}="$(cat ${shellWord(path)})" && export ${name} &&`,
    ),
    'exec env',
    ...Object.entries(open).map(([name, value]) => `${name}=${shellWord(value)}`),
    ...words,
  ].join(' ');
}

/** The shell puts the port in, and nothing else. */
function withPort(arg: string): string {
  const parts = arg.split(/\$PORT\b|\$\{PORT\}/);
  return parts.map((part) => (part === '' && parts.length > 1 ? '' : shellWord(part))).join('"$PORT"');
}

const LEFT = 'whoever reads the Procfile decides that';

const fates: InitFates = {
  instances: (instances) =>
    instances > 1 ? 'the number is an option of the program that reads it' : undefined,
  port: (port) => (port === null ? undefined : 'the program that reads it chooses the ports'),
  after: (after) => (after.length > 0 ? 'all start at once' : undefined),
  secrets: 'kept',
  autostart: (autostart) => (autostart ? undefined : 'all are started'),
  readyTimeoutMs: (_, app) => readyLost(app.ready, app),
  ready: readyLost,
  watchdogMs: (ms) => (ms === null ? undefined : 'nobody notices a blocked event loop'),
  stop: () => LEFT,
  restart: () => LEFT,
  job: (job) => (job ? 'nothing starts it by the clock: it is not in the file' : undefined),
  memory: ({ softBytes, hardBytes }) => ((softBytes ?? hardBytes) === null ? undefined : LEFT),
  rights: ({ user, group, umask, nice, oomScore, ulimits, cpu, pids, permissions }) => {
    const given = { user, group, umask, nice, oomScore, cpu, pids, permissions };
    const lost = Object.entries(given).flatMap(([name, value]) =>
      value === null ? [] : [[name, LEFT] as const],
    );
    return { ...Object.fromEntries(lost), ulimits: Object.keys(ulimits).length > 0 ? LEFT : undefined };
  },
  pidFile: (path) => (path === null ? undefined : LEFT),
  log: () => LEFT,
};
