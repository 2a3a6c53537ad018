import { constants } from 'node:os';
import type { Command } from 'commander';
import { didYouMean } from '../../config/suggest.ts';
import { HoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';
import { instancesArgument } from './arguments.ts';

export function defineSignal(program: Command, context: ContextFactory): void {
  program
    .command('signal')
    .summary('send a signal to apps')
    .description(
      'Sends a signal to the processes of apps, such as SIGUSR2 to reopen files or SIGHUP to read settings anew. One that ends an app is answered as a crash is: use `hold stop` to stop it.',
    )
    .argument('<signal>', 'such as SIGHUP or HUP')
    .argument('<app...>', instancesArgument)
    .action((signal: string, names: string[]) => sendSignal(context(), signal, names));
}

async function sendSignal(context: Context, word: string, names: string[]): Promise<void> {
  const signal = signalNamed(word);
  const { changeApps } = await import('./change.ts');
  const results = await changeApps(context, names, {
    make: async (client, name, options, part) => {
      const { instances } = await client.sendSignal(name, { signal, ...part }, options);
      if (instances.length > 0) return instances;
      throw new HoldfastError('BAD_REQUEST', `Cannot send ${signal} to "${name}": nothing of it runs`, {
        hint: `\`hold start ${name}\` starts it`,
      });
    },
    done: `got ${signal}`,
    order: 'together',
    instances: true,
    nothing: 'nothing is running',
  });
  if (context.json) context.out.json({ instances: results.flat() });
}

/** `SIGHUP`, from `HUP`, `hup` or `1` too, as kill(1) takes them. */
export function signalNamed(word: string): NodeJS.Signals {
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  const upper = word.toUpperCase();
  const found = names.find(
    (name) => name === upper || name === `SIG${upper}` || String(constants.signals[name]) === word,
  );
  if (found) return found;
  const near = didYouMean(upper.startsWith('SIG') ? upper : `SIG${upper}`, names);
  throw new HoldfastError('USAGE', `There is no signal "${word}"${near}`);
}
