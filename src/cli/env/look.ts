/** What is set, without values: here, and on the hosts of targets. */
import { randomBytes } from 'node:crypto';
import { HoldfastError } from '../../errors.ts';
import { Vault } from '../../vault/vault.ts';
import type { Context } from '../context.ts';
import { type Column, table } from '../print/table.ts';
import { plain } from '../print/text.ts';
import { formatMoment } from '../print/time.ts';
import { type Difference, differences, type VariableView, viewsOf } from './compare.ts';
import { onHosts, targetNamed } from './on-hosts.ts';
import { ownerOf, type ScopeOptions } from './scope.ts';

export interface ListOptions extends ScopeOptions {
  /** Values are told as fingerprints that are made with this. */
  readonly fingerprint?: string;
}

const columns: readonly Column[] = [
  { head: 'variable' },
  { head: 'for' },
  { head: 'changed', drop: 1 },
  { head: 'by', drop: 2, shrink: 20 },
];

export async function listVariables(context: Context, options: ListOptions): Promise<void> {
  const { out, err, json } = context;
  const { owner, facts } = await ownerOf(context, options);
  const isMeant = ({ app }: VariableView) => owner.app === null || app === null || app === owner.app;
  const print = (views: readonly VariableView[], where: string) => {
    if (views.length === 0) return err.line(`${where} has no variables: \`hold env set KEY\` sets one`);
    const rows = views.map(({ name, app, changedAt, by }) => [
      name,
      app ?? 'all apps',
      formatMoment(changedAt, Date.now()),
      plain(by),
    ]);
    out.lines(table(columns, rows, { width: out.width, paintHead: out.style.dim }));
  };
  if (options.target === undefined) {
    const all = viewsOf(new Vault(context.home).variables(owner.project), options.fingerprint ?? null);
    const views = all.filter(isMeant);
    return json ? out.json(views) : print(views, owner.project);
  }
  const target = targetNamed(facts?.deploy ?? {}, options.target);
  const hosts = (await viewsOnHosts(context, target, owner.project)).map(({ host, views }) => ({
    host,
    variables: views.filter(isMeant),
  }));
  if (json) return out.json(hosts);
  for (const { host, variables } of hosts) {
    if (variables.length > 0) out.line(out.style.bold(host));
    print(variables, `${owner.project} on ${host}`);
  }
}

const words: Readonly<Record<Difference['kind'], (one: string, two: string) => string>> = {
  'only-first': (one) => `only in ${one}`,
  'only-second': (_, two) => `only in ${two}`,
  value: () => 'another value',
};

/** @param places names of deploy targets, or `here` */
export async function diffVariables(
  context: Context,
  places: readonly [string, string],
  options: ScopeOptions,
): Promise<void> {
  const { out, err, json } = context;
  // Known to nobody else, and gone with this command: nobody can try values against the fingerprints later.
  const salt = randomBytes(32).toString('hex');
  const [first, second] = places;
  const found = differences(
    await viewsAt(context, first, salt, options),
    await viewsAt(context, second, salt, options),
  );
  if (json) return out.json(found);
  if (found.length === 0)
    return err.line(`${first} and ${second} have the same variables, with the same values`);
  const rows = found.map(({ name, app, kind }) => [name, app ?? 'all apps', words[kind](first, second)]);
  out.lines(
    table([{ head: 'variable' }, { head: 'for' }, { head: 'difference' }], rows, {
      width: out.width,
      paintHead: out.style.dim,
    }),
  );
}

async function viewsAt(
  context: Context,
  place: string,
  salt: string,
  options: ScopeOptions,
): Promise<readonly VariableView[]> {
  const here = place === 'here';
  const { owner, facts } = await ownerOf(context, here ? options : { ...options, target: place });
  if (here) return viewsOf(new Vault(context.home).variables(owner.project), salt);
  const target = targetNamed(facts?.deploy ?? {}, place);
  const [first, ...others] = await viewsOnHosts(context, target, owner.project, salt);
  const odd = others.find(({ views }) => differences(first?.views ?? [], views).length > 0);
  if (first && odd) {
    throw new HoldfastError('HOST_FAILED', `The hosts of "${place}" differ: ${first.host} and ${odd.host}`, {
      hint: `\`hold env ls --target ${place}\` shows them; \`hold env set --target ${place}\` sets a variable on all of them`,
    });
  }
  return first?.views ?? [];
}

async function viewsOnHosts(
  context: Context,
  target: Parameters<typeof onHosts>[1],
  project: string,
  salt?: string,
): Promise<{ host: string; views: readonly VariableView[] }[]> {
  const more = salt === undefined ? [] : ['--fingerprint', salt];
  const answers = await onHosts(context, target, ['env', 'ls', '--json', '--project', project, ...more]);
  return answers.map(({ host, out }) => ({ host, views: JSON.parse(out) as VariableView[] }));
}
