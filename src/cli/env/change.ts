/** Variables of a project get other values, here or on the hosts of a target; and which apps run without them until they are reloaded. */
import { askerOf } from '../../client/asker.ts';
import { prepareHome } from '../../client/home.ts';
import { type Changed, type VariableChanges, Vault } from '../../vault/vault.ts';
import { changeApps } from '../commands/change.ts';
import type { Context } from '../context.ts';
import { onHosts, targetNamed } from './on-hosts.ts';
import { ownerOf, type ScopeOptions } from './scope.ts';
import { printValues } from './values.ts';

export interface ChangeOptions extends ScopeOptions {
  readonly reload?: boolean;
}

/** Either all are set, or all are removed. */
export async function changeVariables(
  context: Context,
  options: ChangeOptions,
  changes: VariableChanges,
): Promise<void> {
  const { owner, facts } = await ownerOf(context, options);
  if (options.target !== undefined) {
    const target = targetNamed(facts?.deploy ?? {}, options.target);
    const rest = [
      ...['--project', owner.project],
      ...(owner.app === null ? [] : ['--app', owner.app]),
      ...(options.reload ? ['--reload'] : []),
      ...(context.json ? ['--json'] : []),
    ];
    const values = Object.entries(changes).filter((one): one is [string, string] => one[1] !== null);
    const names = Object.keys(changes).filter((name) => changes[name] === null);
    const done =
      values.length > 0
        ? await onHosts(
            context,
            target,
            ['env', 'set', '--stdin', ...rest],
            printValues(Object.fromEntries(values)),
          )
        : await onHosts(context, target, ['env', 'rm', ...rest, ...names]);
    if (context.json) context.out.json(done.map(({ host, out }) => ({ host, ...JSON.parse(out) })));
    return;
  }
  await prepareHome(context.home);
  const changed = await new Vault(context.home).change(owner, changes, askerOf(context.env));
  const client = changed.set.length + changed.removed.length > 0 ? await context.look() : null;
  const apps = client ? (await client.variablesChanged({ ...owner, ...changed })).apps : [];
  if (!context.json) say(context, owner.project, changed);
  if (apps.length > 0 && options.reload) {
    await changeApps(context, apps, {
      make: (to, name, how) => to.reload(name, how),
      done: 'is reloaded',
      order: 'in-turn',
      nothing: 'nothing is running',
    });
  } else if (apps.length > 0 && !context.json) {
    const { err } = context;
    const which = apps.length === 1 ? `${apps[0]} runs` : `${apps.join(', ')} run`;
    err.line(`${which} with what was set before, until \`hold reload ${apps.join(' ')}\``);
  }
  if (context.json) context.out.json({ ...owner, ...changed, outdated: options.reload ? [] : apps });
}

function say({ err }: Context, project: string, { set, removed }: Changed): void {
  const is = (names: readonly string[], what: string) =>
    names.length === 0 ? [] : [`${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} ${what}`];
  const [line = 'nothing to change: all of it is as it was'] = [...is(set, 'set'), ...is(removed, 'removed')];
  err.line(`${err.style.bold(project)}: ${line}`);
}
