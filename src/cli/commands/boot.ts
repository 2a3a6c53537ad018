import { realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import type { BootService } from '../../boot/service.ts';
import type { BootFile, BootPlan } from '../../boot/site.ts';
import { HoldfastError } from '../../errors.ts';
import { confirm, writeThese } from '../confirm.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

interface BootOptions {
  init?: string;
  user?: string;
  name?: string;
  scanDir?: string;
}

interface EnableOptions extends BootOptions {
  dryRun?: boolean;
  yes?: boolean;
  start?: boolean;
}

export function defineBoot(program: Command, context: ContextFactory): void {
  const boot = program
    .command('boot')
    .usage('enable|disable|status [options]')
    .summary('start with the machine')
    .description(
      'Makes Holdfast, and with it what ran, start with the machine, by the init system that this machine has: systemd, runit, s6, OpenRC, SysV, Upstart or launchd. As root for the whole machine; as another user a service of your own, where the init system has such.',
    );
  withOptions(boot.command('enable'))
    .summary('start with the machine from now on')
    .description(
      'Shows what it is going to write, asks, writes it, and hands over to the init system. Apps that run go on. Again after moving Node or Holdfast, though it is rarely needed: the script that is written finds a newer one by itself.',
    )
    .option('--dry-run', 'only show what would be written and run')
    .option('-y, --yes', 'do not ask')
    .option('--no-start', 'only at the next boot, not now')
    .action((options: EnableOptions) => enable(context(), options));
  withOptions(boot.command('disable'))
    .summary('remove all of that')
    .description(
      'Removes everything that `hold boot enable` has written. Apps that run go on, until `hold down` or the end of the machine.',
    )
    .action((options: BootOptions) => disable(context(), options));
  withOptions(boot.command('status'))
    .summary('say whether it starts with the machine')
    .description(
      'Says which init system starts it, whether that runs it now, and which Node and which Holdfast it would start.',
    )
    .action((options: BootOptions) => status(context(), options));
}

function withOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--init <system>', 'not the one that is found').choices([
        'systemd',
        'runit',
        's6',
        'openrc',
        'sysv',
        'upstart',
        'launchd',
      ]),
    )
    .option('--user <name>', 'whom it runs as, with the home of that user (root only)')
    .option('--name <name>', 'of the service, when there are several homes')
    .option('--scan-dir <dir>', 'where runsvdir or s6-svscan look for services');
}

async function enable(context: Context, options: EnableOptions): Promise<void> {
  const { service, launcher } = await prepare(context, options);
  const { plan, site } = service;
  const { err, out, json } = context;
  requireOwnHome(site.home, site.user);
  if (json) out.json(asJson(service, launcher));
  else out.lines(shown(context, service, launcher, options.start !== false));
  if (options.dryRun) return;
  if (service.needsRoot) {
    throw new HoldfastError('RIGHTS_MISSING', `Only root can give "${site.init}" a new service`, {
      hint: `sudo hold boot enable --user ${site.user.name}`,
    });
  }
  await confirm(context, { ...writeThese, yes: options.yes === true });
  service.enable(launcher);
  if (options.start !== false) {
    const { askToLeave } = await import('../../client/ask-init.ts');
    // The script that runs already makes room for its successor, without ending anything.
    service.start(await askToLeave(site.home));
  }
  if (json) return;
  const started = options.start === false ? 'at the next boot' : 'from now on';
  err.line(`${site.init} starts Holdfast ${started}, as the service ${err.style.bold(site.name)}`);
  if (options.start !== false && plan.status) err.line('`hold boot status` shows how it is');
}

/** A service cannot use a home that is closed to its user. */
function requireOwnHome(home: string, user: { readonly uid: number; readonly name: string }): void {
  const owner = statSync(home, { throwIfNoEntry: false })?.uid;
  if (owner === undefined || owner === user.uid || user.uid === 0) return;
  throw new HoldfastError(
    'HOME_UNUSABLE',
    `Cannot start "${home}" with the machine as "${user.name}": it belongs to another user`,
    {
      hint: 'Name another one with --home or HOLDFAST_HOME, or leave that out for the one of that user',
    },
  );
}

async function disable(context: Context, options: BootOptions): Promise<void> {
  const { service, launcher } = await prepare(context, options);
  const { err, out, json } = context;
  if (service.needsRoot) {
    throw new HoldfastError('RIGHTS_MISSING', `Only root can take a service from "${service.site.init}"`, {
      hint: `sudo hold boot disable --user ${service.site.user.name}`,
    });
  }
  const { askToLeave } = await import('../../client/ask-init.ts');
  const runs = await askToLeave(service.site.home);
  const removed = service.disable(launcher);
  if (json) return out.json({ removed });
  if (removed.length === 0) return err.line('it did not start with the machine: nothing to remove');
  for (const path of removed) err.line(`removed ${path}`);
  if (runs) err.line('what runs goes on; `hold down` ends it');
}

async function status(context: Context, options: BootOptions): Promise<void> {
  const { service } = await prepare(context, options);
  const { site } = service;
  const { installed, upToDate, running } = service.status();
  const found = installed ? service.where() : null;
  if (context.json) {
    const { init, scope, name, home, user } = site;
    return context.out.json({
      enabled: installed,
      running,
      upToDate,
      init,
      scope,
      name,
      home,
      user: user.name,
      found,
    });
  }
  const { out } = context;
  if (!installed)
    return out.line(
      `not enabled: ${site.init} does not know ${site.home}; \`hold boot enable\` changes that`,
    );
  out.line(
    `enabled: ${site.init} starts ${site.home} as ${site.user.name}, service ${site.name}${site.scope === 'user' ? ' of the user' : ''}`,
  );
  out.line(running ? 'it runs' : 'it does not run now');
  if (found && 'problem' in found) out.line(found.problem);
  else if (found) out.lines([`Node: ${found.node}`, `Holdfast: ${found.package}`]);
  if (!upToDate) out.line('its files are not what this version would write: `hold boot enable` renews them');
}

async function prepare(
  context: Context,
  options: BootOptions,
): Promise<{ service: BootService; launcher: BootFile }> {
  const { userInfo } = await import('node:os');
  const { bootService } = await import('../../boot/service.ts');
  const { lookUpUser, thisMachine } = await import('../../boot/this-machine.ts');
  const { findHome } = await import('../../client/home.ts');
  const { env, cwd } = context;
  const uid = process.getuid?.() ?? -1;
  const user = lookUpUser(options.user ?? userInfo().username);
  if (uid !== 0 && user.uid !== uid) {
    throw new HoldfastError('RIGHTS_MISSING', `Only root can make Holdfast run as "${user.name}"`, {
      hint: 'Run the command as root (sudo), or leave out `--user`',
    });
  }
  const { HOLDFAST_HOME: _, ...rest } = env;
  const isDefault = context.home === findHome({ env: rest, cwd, uid });
  const home =
    isDefault && options.user ? findHome({ env: { HOME: user.home }, cwd, uid: user.uid }) : context.home;
  const { init, name, scanDir } = options;
  const service = bootService({ home, user, machine: thisMachine(env), env, uid, init, name, scanDir });
  const launcher = service.launcher({
    node: process.execPath,
    package: throughCurrent(fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')),
    path: user.uid === uid ? (env.PATH ?? '') : '',
  });
  return { service, launcher };
}

/** Files in full, but of our own script only where it is: it is the same everywhere. */
function shown({ out }: Context, { plan, site }: BootService, launcher: BootFile, start: boolean): string[] {
  const { bold, dim } = out.style;
  const files = plan.files.flatMap(({ path, content }) =>
    'link' in content
      ? [`${bold(path)} -> ${content.link}`, '']
      : [
          bold(path),
          ...content.text
            .trimEnd()
            .split('\n')
            .map((line) => `  ${line}`),
          '',
        ],
  );
  const steps = [...plan.enable, ...(start ? plan.start : [])].map(({ command }) => `  ${command.join(' ')}`);
  return [
    `For ${bold(site.init)}, to run as ${bold(site.user.name)} with the home ${bold(site.home)}:`,
    '',
    ...files,
    bold(launcher.path),
    dim('  a script that finds Node and Holdfast at every start and stays as long as Holdfast lives'),
    '',
    'and then:',
    ...steps,
    '',
    ...plan.notes,
  ];
}

function asJson({ plan, site }: BootService, launcher: BootFile): Record<string, unknown> {
  const { init, scope, name, home, user } = site;
  const files = [...plan.files, launcher].map(({ path, content }) => ({ path, ...content }));
  const steps = (part: BootPlan['enable']) => part.map(({ command }) => command);
  return {
    init,
    scope,
    name,
    home,
    user: user.name,
    files,
    enable: steps(plan.enable),
    start: steps(plan.start),
    notes: plan.notes,
  };
}

/** Where `hold host prepare` has put it, the link to the newest version, so that this is the one that starts with the machine. */
function throughCurrent(dir: string): string {
  const current = join(dirname(dir), 'current');
  try {
    return realpathSync(current) === dir ? current : dir;
  } catch {
    return dir;
  }
}
