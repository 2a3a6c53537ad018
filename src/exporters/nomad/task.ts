/** The program itself, in a container of Docker. */
import { type Block, block } from '../blocks.ts';
import { graceSeconds, type Workload } from '../containers/workload.ts';
import { list, set, text } from './hcl.ts';

/** @param job whose variables it gets */
export function task(workload: Workload, job: string): Block {
  const { app, name, argv, cwd, env, secrets, port } = workload;
  const [command = 'node', ...args] = argv;
  const { hardBytes, softBytes } = app.memory;
  const { cpu, pids } = app.rights;
  return block(
    `task ${text(name)}`,
    set('driver', 'docker'),
    set('kill_signal', app.stop.signal),
    set('kill_timeout', `${graceSeconds(app)}s`),
    block(
      'config',
      set('image', name),
      set('command', command),
      `args = ${list(args)}`,
      set('work_dir', cwd),
      ...(port === null ? [] : [`ports = ${list(['http'])}`]),
      // A process 1 that waits for what others left behind.
      set('init', true),
      set('readonly_rootfs', true),
      `cap_drop = ${list(['all'])}`,
      `security_opt = ${list(['no-new-privileges'])}`,
      ...(pids === null ? [] : [set('pids_limit', pids)]),
      block('mount', set('type', 'tmpfs'), set('target', '/tmp'), set('readonly', false)),
    ),
    block('env', ...Object.entries(env).map(([key, value]) => set(key, value))),
    ...(secrets.length === 0 ? [] : [template(job, name, secrets)]),
    block(
      'resources',
      // A core has some 2000 to 4000 MHz.
      ...(cpu === null ? [] : [set('cpu', Math.ceil(cpu * 2500))]),
      set('memory', mebibytes(softBytes ?? hardBytes ?? 256 * 1024 ** 2)),
      ...(hardBytes === null || softBytes === null ? [] : [set('memory_max', mebibytes(hardBytes))]),
    ),
  );
}

/** Variables of Nomad, which only this task may read. */
function template(job: string, name: string, secrets: readonly string[]): Block {
  const lines = secrets.map((key) => `${key}={{ .${key} | toJSON }}\n`).join('');
  return block(
    'template',
    set('data', `{{ with nomadVar "nomad/jobs/${job}/${name}/${name}" }}${lines}{{ end }}`),
    set('destination', 'secrets/env'),
    set('env', true),
  );
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 ** 2);
}
