import type { Command } from 'commander';
import type { ContextFactory } from '../program.ts';

export interface PushUrlOptions {
  readonly file?: string;
  readonly project?: string;
  readonly branch?: string;
}

export interface PrepareOptions {
  readonly check?: boolean;
  readonly boot?: boolean;
}

export function defineHost(program: Command, context: ContextFactory): void {
  const host = program
    .command('host')
    .usage('prepare|push-url [options]')
    .summary('prepare own servers for deploys')
    .description(
      'Prepares own servers, over ssh, for deploys: `hold host prepare deploy@app1` puts Node and this Holdfast there, `hold host push-url production` lets them receive `git push`.',
    );
  host
    .command('prepare')
    .summary('put Node and this Holdfast on a server')
    .description(
      'Looks at a Debian or Ubuntu server and puts what it lacks below ~/.local there (for root below /usr/local): Node, unless there is a good one, this version of Holdfast, and its commands. It needs no root. Again it does nothing; after an update of Holdfast here it updates the host.',
    )
    .argument('<host>', 'as for ssh: `deploy@app1`, or a name of ~/.ssh/config')
    .option('--check', 'only look, and say what would be done')
    .option('--boot', 'let it start with the machine, too')
    .action(async (name: string, options: PrepareOptions) => {
      const { prepareHost } = await import('../deploy/hosts-prepare.ts');
      await prepareHost(context(), name, options);
    });
  host
    .command('push-url')
    .summary('let the hosts of a target receive `git push`, and say how')
    .description(
      'Makes a repository on each host of a target. What is pushed to its branch becomes a release there, and the push is refused when that fails. Prints the command that adds the remote.',
    )
    .argument('<target>', 'a name in `deploy` of the config file')
    .option('-f, --file <file>', 'config file, inside the project')
    .option('--project <name>', 'name of the project, when it is not the one in the config file here')
    .option('--branch <name>', 'the branch that is deployed (default: as it is, at first `main`)')
    .action(async (target: string, options: PushUrlOptions) => {
      const { printPushUrls } = await import('../deploy/push-url.ts');
      await printPushUrls(context(), target, options);
    });
}
