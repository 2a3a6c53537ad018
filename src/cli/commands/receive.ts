import type { Command } from 'commander';
import type { ContextFactory } from '../program.ts';

interface ReceiveOptions {
  readonly project: string;
  readonly push?: string;
  readonly preparePushes?: boolean;
  readonly branch?: string;
  readonly abort?: boolean;
}

/** Not for people: other machines and git call it. */
export function defineReceive(program: Command, context: ContextFactory): void {
  program
    .command('receive', { hidden: true })
    .summary('the other end of `hold deploy <target>` and of `git push`')
    .description(
      'What `hold deploy <target>` runs on each host: it speaks NDJSON on stdin and stdout, and is not for people. Git runs it for a push, too.',
    )
    .requiredOption('--project <name>', 'the project')
    .option('--push <dir>', 'what git has received, and where its objects are')
    .option('--prepare-pushes', 'make the repository that receives pushes')
    .option('--abort', 'give up the deploy that is under way')
    .option('--branch <name>', 'the branch that is deployed')
    .action(async ({ project, push, preparePushes, branch, abort }: ReceiveOptions) => {
      if (abort) {
        const { abortHere } = await import('../deploy/hosts-abort.ts');
        return abortHere(context(), project);
      }
      if (push !== undefined) {
        const { receivePush } = await import('../deploy/push.ts');
        return receivePush(context(), project, push);
      }
      if (preparePushes) {
        const pushes = await import('../deploy/push.ts');
        return pushes.preparePushes(context(), project, branch ?? null);
      }
      const { receiveReleases } = await import('../deploy/receive.ts');
      await receiveReleases(context(), project);
    });
}
