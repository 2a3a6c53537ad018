import { type Command, Option } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { ChangeOptions } from '../env/change.ts';
import type { ListOptions } from '../env/look.ts';
import type { ScopeOptions } from '../env/scope.ts';
import type { ContextFactory } from '../program.ts';

interface SetOptions extends ChangeOptions {
  readonly stdin?: boolean;
}

export function defineEnv(program: Command, context: ContextFactory): void {
  const env = program
    .command('env')
    .summary('variables and secrets of a project, encrypted')
    .description(
      'Keeps variables of a project beside its configuration: encrypted on this machine, given to its apps when they start, and to `hold run` and `release.migrate`. They count more than what the configuration says. Values are never shown, and never typed in a command.',
    );
  changing(
    env
      .command('set')
      .summary('set variables; the values are asked for, or come from stdin')
      .description(
        'Sets variables. On a terminal each value is asked for and not shown; else the whole of stdin is the value of the one that is named. With `--stdin`, lines of KEY=VALUE.',
      )
      .argument('[key...]', 'names of variables')
      .option('--stdin', 'read lines of KEY=VALUE from stdin'),
  ).action((names: string[], options: SetOptions) => set(context(), names, options));
  changing(
    env
      .command('import')
      .summary('set all variables of a .env file')
      .description('Sets all variables that a .env file has. The file stays as it is.')
      .argument('<envFile>', 'such as .env'),
  ).action((file: string, options: ChangeOptions) => importFile(context(), file, options));
  changing(
    env
      .command('rm')
      .summary('remove variables')
      .description('Removes variables. Apps that run keep them until they are reloaded.')
      .argument('<key...>', 'names of variables'),
  ).action((names: string[], options: ChangeOptions) => remove(context(), names, options));
  scoped(env.command('ls').summary('which variables are set, when and by whom; no values'))
    .description(
      'Lists the variables of a project without their values: for which apps, when they were changed, and by whom.',
    )
    .option('-t, --target <name>', 'on the hosts of this deploy target')
    .addOption(new Option('--fingerprint <salt>').hideHelp())
    .action((options: ListOptions) => list(context(), options));
  scoped(env.command('get').summary('print the value of a variable'))
    .description('Prints the value of one variable.')
    .argument('<key>', 'name of the variable')
    .option('--reveal', 'yes, show it')
    .action((name: string, options: ScopeOptions & { reveal?: boolean }) => get(context(), name, options));
  env
    .command('diff')
    .summary('in what the variables of two places differ; no values')
    .description(
      'Compares the variables of two places: deploy targets of the configuration, or `here`. Names that only one of them has, and names whose values differ, without the values.',
    )
    .argument('<one>', 'a deploy target, or here')
    .argument('<other>', 'a deploy target, or here')
    .option('-f, --file <file>', 'config file')
    .option('--project <name>', 'the project, when it is not the one of the config file here')
    .action((one: string, other: string, options: ScopeOptions) => diff(context(), one, other, options));
  env
    .command('rotate-key')
    .summary('encrypt everything with a new key')
    .description(
      'Makes a new key for the variables of all projects of this home, and encrypts them anew. Who has a copy of the old key and of the old files can still read those: change the values, too.',
    )
    .action(() => rotateKey(context()));
}

function scoped(command: Command): Command {
  return command
    .option('-f, --file <file>', 'config file, from which the name of the project is taken')
    .option('--project <name>', 'the project, when it is not the one of the config file here')
    .option('--app <name>', 'of this app only, instead of all apps of the project');
}

function changing(command: Command): Command {
  return scoped(command)
    .option('-t, --target <name>', 'on the hosts of this deploy target')
    .option('--reload', 'reload the apps that run, so that they get it now');
}

async function set(
  context: Context,
  names: readonly string[],
  { stdin = false, ...options }: SetOptions,
): Promise<void> {
  const { askValues, checkNames, readAll, valuesIn } = await import('../env/values.ts');
  const { changeVariables } = await import('../env/change.ts');
  checkNames(names);
  if (stdin === names.length > 0) {
    throw new HoldfastError(
      'USAGE',
      stdin
        ? 'With `--stdin` the names are in the lines: name none in the command'
        : 'Nothing to set: name a variable, or give lines of KEY=VALUE with `--stdin`',
    );
  }
  const { ownerOf } = await import('../env/scope.ts');
  // Before anybody types a secret for nothing.
  await ownerOf(context, options);
  const values = stdin ? valuesIn(await readAll(context), 'stdin') : await askValues(context, names);
  await changeVariables(context, options, values);
}

async function importFile(context: Context, file: string, options: ChangeOptions): Promise<void> {
  const { readFile } = await import('node:fs/promises');
  const { resolve } = await import('node:path');
  const { valuesIn } = await import('../env/values.ts');
  const { changeVariables } = await import('../env/change.ts');
  let text: string;
  try {
    text = await readFile(resolve(context.cwd, file), 'utf8');
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    throw new HoldfastError('USAGE', `Cannot read "${file}": ${code}`, { cause });
  }
  await changeVariables(context, options, valuesIn(text, `"${file}"`));
}

async function remove(context: Context, names: readonly string[], options: ChangeOptions): Promise<void> {
  const { checkNames } = await import('../env/values.ts');
  const { changeVariables } = await import('../env/change.ts');
  checkNames(names);
  await changeVariables(context, options, Object.fromEntries(names.map((name) => [name, null])));
}

async function list(context: Context, options: ListOptions): Promise<void> {
  const { listVariables } = await import('../env/look.ts');
  await listVariables(context, options);
}

async function get(
  context: Context,
  name: string,
  { reveal = false, ...options }: ScopeOptions & { reveal?: boolean },
): Promise<void> {
  if (!reveal) {
    throw new HoldfastError('USAGE', `Nothing was shown: the value of "${name}" may be a secret`, {
      hint: `\`hold env get ${name} --reveal\` prints it`,
    });
  }
  const { ownerOf } = await import('../env/scope.ts');
  const { Vault } = await import('../../vault/vault.ts');
  const { owner } = await ownerOf(context, options);
  const values = new Vault(context.home).environment(owner);
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined)
    throw new HoldfastError('VARIABLE_UNKNOWN', `There is no variable "${name}" of ${owner.project}`);
  if (context.json) context.out.json({ ...owner, name, value });
  else context.out.line(value);
}

async function diff(context: Context, one: string, other: string, options: ScopeOptions): Promise<void> {
  const { diffVariables } = await import('../env/look.ts');
  await diffVariables(context, [one, other], options);
}

async function rotateKey(context: Context): Promise<void> {
  const { Vault } = await import('../../vault/vault.ts');
  const { prepareHome } = await import('../../client/home.ts');
  await prepareHome(context.home);
  const projects = await new Vault(context.home).rotateKey();
  if (context.json) context.out.json({ projects });
  else
    context.err.line(
      `there is a new key; encrypted anew: ${projects.join(', ') || 'nothing, since there is nothing'}`,
    );
}
