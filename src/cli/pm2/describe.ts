/** `jlist`, `prettylist` and `describe`. */
import { inspect } from 'node:util';
import { plain } from '../print/text.ts';
import { shortTime } from './list.ts';
import { allProcesses, targetsOf } from './look-up.ts';
import { type Pm2Record, recordOf } from './record.ts';
import { fail, type Session } from './session.ts';
import { shown } from './shown.ts';
import { boxTable } from './table.ts';

async function records(session: Session): Promise<Pm2Record[]> {
  const { client, processes } = await allProcesses(session);
  return (client ? await shown(client, processes) : []).map((one) => recordOf(one));
}

export async function jlist(session: Session): Promise<void> {
  session.context.out.line(JSON.stringify(await records(session)));
}

/** For those who read it with `grep`, as PM2's own tests do. */
export async function prettyList(session: Session): Promise<void> {
  const colors = session.context.out.style.colour;
  session.context.out.line(inspect(await records(session), { depth: null, colors, maxArrayLength: null }));
}

export async function describe(session: Session): Promise<void> {
  const [word] = session.words.targets;
  if (word === undefined) fail(session, 'Say which process: hold pm2 describe <id|name>');
  const { client, processes } = await allProcesses(session);
  if (!client || processes.length === 0) fail(session, `${word} doesn't exist`);
  const { groups } = await targetsOf(session, [word]);
  const { out } = session.context;
  for (const one of await shown(
    client,
    groups.flatMap((group) => group.processes),
  )) {
    const { name, pm_id: id, pm2_env: env } = recordOf(one);
    const facts: readonly (readonly [string, string])[] = [
      ['status', env.status],
      ['name', name],
      ['namespace', env.namespace],
      ['version', env.version],
      ['restarts', String(env.restart_time)],
      ['uptime', one.instance?.pid ? shortTime(one.instance.uptimeMs ?? 0) : '0'],
      ['script path', env.pm_exec_path],
      ['script args', env.args.join(' ') || 'N/A'],
      ['error log path', env.pm_err_log_path || 'N/A'],
      ['out log path', env.pm_out_log_path || 'N/A'],
      ['pid path', env.pm_pid_path || 'N/A'],
      ['interpreter', env.exec_interpreter],
      ['interpreter args', env.node_args.join(' ') || 'N/A'],
      ['script id', String(id)],
      ['exec cwd', env.pm_cwd],
      ['exec mode', env.exec_mode],
      ['node.js version', env.node_version],
      ['node env', one.detail.plan.env.NODE_ENV ?? one.detail.plan.baseEnv.NODE_ENV ?? 'N/A'],
      ['watch & reload', env.watch ? '✔' : '✘'],
      ['unstable restarts', String(env.unstable_restarts)],
      ['created at', new Date(env.created_at).toISOString()],
      ...(one.instance?.reason ? [['reason', one.instance.reason] as const] : []),
    ];
    out.line(out.style.inverse(` Describing process with id ${id} - name ${name} `));
    const rows = facts.map(([key, value]) => [{ text: key, paint: out.style.bold }, { text: plain(value) }]);
    const width = out.isTTY ? out.width : Number.POSITIVE_INFINITY;
    out.lines(boxTable([{ head: '' }, { head: '', shrink: 20 }], rows, { width, paintHead: (text) => text }));
    out.line(out.style.dim(` hold show ${name}      settings, ports, what happened lately`));
    out.line(out.style.dim(` hold crashes ${name}   why it ended, with its last output`));
  }
}
