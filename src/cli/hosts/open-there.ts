/** `hold open production`: the dashboard of a host, through a tunnel of ssh that is there as long as this command is. */
import { asHoldfastError, HoldfastError } from '../../errors.ts';
import { type Forward, openForward } from '../../release/ssh/forward.ts';
import { runOn } from '../../release/ssh/ssh.ts';
import type { Context } from '../context.ts';
import { holdfastThere, targetNamed } from '../deploy/hosts-target.ts';

export interface OpenThere {
  /** Of the target, when it has several. */
  readonly host?: string;
  readonly viewer?: boolean;
  readonly close?: boolean;
  /** Opens the link for a person, or tells it. */
  show(link: string): Promise<void>;
}

/** Resolves when it was ended here. @throws HoldfastError HOST_FAILED, also when the connection is lost */
export async function openThere(context: Context, name: string, options: OpenThere): Promise<void> {
  const { env, json, err, out, signal } = context;
  const { target, hosts } = await targetNamed(context, name, {});
  const host = hostOf(name, hosts, options.host);
  if (options.close) {
    await runOn(host, holdfastThere(target, ['open', '--close']), { env });
    if (json) out.json({ host, closed: true });
    else err.line(`the dashboard of ${host} is closed, and everybody is logged out`);
    return;
  }
  const words = ['open', '--json', '--print', ...(options.viewer ? ['--viewer'] : [])];
  const told = JSON.parse(await runOn(host, holdfastThere(target, words), { env })) as { url: string };
  const there = new URL(told.url);
  const forward = await forwarded(host, Number(there.port), { env, signal });
  try {
    const link = `http://127.0.0.1:${forward.port}/${there.hash}`;
    if (json) out.json({ ...told, host, url: link });
    else {
      await options.show(link);
      err.line(`this leads to ${host} until you press Ctrl-C`);
    }
    const lost = await forward.ended;
    if (lost && !signal.aborted) throw lost;
  } finally {
    await forward.close();
  }
}

function hostOf(target: string, hosts: readonly string[], wanted: string | undefined): string {
  const [first = '', ...others] = hosts;
  if (wanted === undefined && others.length === 0) return first;
  if (wanted !== undefined && hosts.includes(wanted)) return wanted;
  const problem =
    wanted === undefined
      ? `Cannot open the dashboards of all hosts of "${target}": one at a time`
      : `There is no host "${wanted}" in the target "${target}"`;
  throw new HoldfastError('USAGE', problem, {
    hint: `Such as: hold open ${target} --host ${first}${others.length > 0 ? ` (or ${others.join(', ')})` : ''}`,
  });
}

/** At the same port here if that is free, so that a browser keeps what it knows of it; at another one otherwise. */
async function forwarded(
  host: string,
  port: number,
  options: Pick<Context, 'env' | 'signal'>,
): Promise<Forward> {
  try {
    return await openForward(host, { port }, { ...options, port });
  } catch (error) {
    if (asHoldfastError(error).code !== 'USAGE') throw error;
    return openForward(host, { port }, { ...options, port: 0 });
  }
}
