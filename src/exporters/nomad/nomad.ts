/** Job files for Nomad 1.7 and later (https://developer.hashicorp.com/nomad/docs/job-specification): a service of a group for each app, a batch job for each job. */
import type { Plan } from '../../config/plan.ts';
import { type Block, block, type Directive } from '../blocks.ts';
import { comment } from '../comment.ts';
import { platformLosses } from '../containers/losses.ts';
import { siteLosses } from '../containers/site-losses.ts';
import { traefikSites } from '../containers/traefik-labels.ts';
import { type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportedFile, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { group } from './group.ts';
import { hcl, list, set, text } from './hcl.ts';
import { task } from './task.ts';
import { words } from './words.ts';

export function nomad(plan: Plan, options: ExportOptions): Exported {
  const workloads = workloadsOf(plan, options);
  const losses = [...platformLosses(plan, options, words), ...siteLosses(plan, traefikSites)];
  const services = workloads.filter(({ app }) => !app.job);
  const jobs = workloads.filter(({ app }) => app.job);
  const files = [
    ...(services.length > 0 ? [file(options.name, services, service(plan, options, services))] : []),
    ...jobs.map((one) => file(one.name, [one], batch(one))),
  ];
  return {
    files: files.map((one, index) => (index === 0 ? withLosses(one, lossLines(losses)) : one)),
    losses,
  };
}

function file(job: string, workloads: readonly Workload[], body: readonly Directive[]): ExportedFile {
  const path = `nomad/${job}.nomad.hcl`;
  const head = comment('#', [
    `Written by \`hold export nomad\`. Push the images of \`hold export dockerfile\`, put their names (and a new tag for each version) into this file, then: nomad job run ${path}`,
    ...workloads
      .filter(({ secrets }) => secrets.length > 0)
      .map(
        ({ name, secrets }) =>
          `Before that, with each value in a file that has no line end: nomad var put nomad/jobs/${job}/${name}/${name} ${secrets.map((key) => `${key}=@<file>`).join(' ')}`,
      ),
    'Without Docker: `driver = "exec"`, with `command` = the path of node, and `args` = the script in a release that lies on each machine.',
  ]);
  return { path, text: head + hcl([block(`job ${text(job)}`, ...body)]), mode: 0o644 };
}

function withLosses(one: ExportedFile, lines: readonly string[]): ExportedFile {
  if (lines.length === 0) return one;
  return { ...one, text: `${comment('#', ['Not in these files:', ...lines]).trimEnd()}\n#\n${one.text}` };
}

function service(plan: Plan, { name }: ExportOptions, services: readonly Workload[]): Directive[] {
  return [
    `datacenters = ${list(['*'])}`,
    set('type', 'service'),
    update(plan, services),
    ...services.map((one) => group(plan, one, name)),
  ];
}

/** One new instance of each app first; when it is well the others follow, else all stays as it was. */
function update({ release }: Plan, services: readonly Workload[]): Block {
  const bakeMs = Math.max(1000, release.bakeMs);
  // Nomad wants each of them to be longer than the one before.
  const readyMs = Math.max(...services.map(({ app }) => app.readyTimeoutMs)) + bakeMs + 60_000;
  return block(
    'update',
    set('max_parallel', 1),
    set('canary', 1),
    set('auto_promote', true),
    set('auto_revert', true),
    set('health_check', 'checks'),
    set('min_healthy_time', `${bakeMs}ms`),
    set('healthy_deadline', `${readyMs}ms`),
    set('progress_deadline', `${2 * readyMs}ms`),
  );
}

function batch(workload: Workload): Directive[] {
  const { app, name } = workload;
  const { job } = app;
  return [
    `datacenters = ${list(['*'])}`,
    set('type', 'batch'),
    block(
      'periodic',
      `crons = ${list([job?.expression ?? ''])}`,
      ...(job?.timezone ? [set('time_zone', job.timezone)] : []),
      set('prohibit_overlap', true),
      set('enabled', app.autostart),
    ),
    block(
      `group ${text(name)}`,
      block('restart', set('attempts', 0), set('mode', 'fail')),
      block('reschedule', set('attempts', 0), set('unlimited', false)),
      task(workload, name),
    ),
  ];
}
