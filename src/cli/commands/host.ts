import type { Command } from 'commander';
import type { ContextFactory } from '../program.ts';

export interface PushUrlOptions {
  readonly file?: string;
  readonly project?: string;
  readonly branch?: string;
}

const examples = `
Examples:
  hold host push-url production      then: git push holdfast main`;

export function defineHost(program: Command, context: ContextFactory): void {
  const host = program
    .command('host')
    .usage('push-url [options]')
    .summary('own servers: let them receive pushes')
    .description('Prepares own servers, over ssh, for deploys. See docs/guide/servers.md.')
    .addHelpText('after', examples);
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
