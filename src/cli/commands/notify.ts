import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineNotify(program: Command, context: ContextFactory): void {
  const notify = program
    .command('notify')
    .summary('webhooks: who is told when something needs somebody')
    .description('Tries the webhooks that `notify` of the configuration names.');
  notify
    .command('test')
    .summary('send a message to try them')
    .description(
      'Sends a message to all webhooks that are in force, or to one address, and says what became of it. What is in force is what `hold up` or `hold deploy` has brought.',
    )
    .argument('[url]', 'only to this address')
    .action((url: string | undefined) => test(context(), url ?? null));
}

async function test(context: Context, url: string | null): Promise<void> {
  const { out, err, json } = context;
  if (url !== null) {
    const { webhookProblem } = await import('../../config/webhook.ts');
    const problem = webhookProblem(url);
    if (problem !== null)
      throw new HoldfastError('USAGE', `Cannot send a message: the address must be ${problem}`);
  }
  const client = url === null ? await context.look() : await context.connect();
  const { waiting } = await import('../waiting.ts');
  const results = client ? await waiting(context, 'sending', () => client.testNotify(url)) : [];
  if (results.length === 0) {
    throw new HoldfastError('USAGE', 'Nobody is told of anything: no webhook is in force', {
      hint: 'Write `notify` into the configuration and run `hold up`; or name an address',
    });
  }
  if (json) out.json(results);
  else
    for (const { to, ok, said } of results)
      err.line(`${ok ? err.style.green('✔') : err.style.red('✖')} ${to}: ${said}`);
  const failed = results.filter(({ ok }) => !ok);
  if (failed.length > 0)
    throw new HoldfastError('HOST_FAILED', `${failed.length} of ${results.length} messages did not arrive`, {
      hint: 'Check the address, and that this machine may connect to it',
    });
}
