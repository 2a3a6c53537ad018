/** Platforms that build by themselves and start lines of a Procfile: which app is `web`, and what each line says. */
import { posix } from 'node:path';
import type { Plan } from '../../config/plan.ts';
import type { Loss } from '../exported.ts';
import { shellWord } from '../services/shell.ts';
import type { Workload } from './workload.ts';

/** The first that gets requests is `web`. */
export function processTypes(plan: Plan, workloads: readonly Workload[]): ReadonlyMap<Workload, string> {
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

export function severalLosses(names: ReadonlyMap<Workload, string>): Loss[] {
  return [...names]
    .filter(([{ app }, type]) => type !== 'web' && (app.port !== null || app.ready.by === 'listen'))
    .map(([{ app }]) => ({
      setting: `apps.${app.name}`,
      text: 'it gets no requests: only the type `web` does',
    }));
}

/** With `$PORT` left to the shell. */
export function commandLine({ argv, cwd }: Workload): string {
  const dir = posix.relative('/app', cwd);
  return `${dir === '' ? '' : `cd ${shellWord(dir)} && `}exec ${portWords(argv)}`;
}

/** Words of sh; the shell puts the port in. */
export function portWords(argv: readonly string[]): string {
  return argv.map((word, index) => (index === 0 ? shellWord(word) : withPort(word))).join(' ');
}

/** The shell puts the port in, and nothing else. */
function withPort(arg: string): string {
  const parts = arg.split(/\$PORT\b|\$\{PORT\}/);
  return parts.map((part) => (part === '' && parts.length > 1 ? '' : shellWord(part))).join('"$PORT"');
}
