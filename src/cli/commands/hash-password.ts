import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineHashPassword(program: Command, context: ContextFactory): void {
  program
    .command('hash-password')
    .summary('make what a configuration keeps of a password')
    .description(
      'Reads a password, one line, and prints what belongs into `auth.users` of a site. The password itself is kept nowhere.',
    )
    .action(() => hash(context()));
}

async function hash(context: Context): Promise<void> {
  const { hashPassword } = await import('../../kit/password.ts');
  const { stdin, err, out, json } = context;
  if (stdin.isTTY) err.line('type the password, then Enter (it is shown):');
  const password = await firstLine(stdin);
  if (password === '') {
    throw new HoldfastError('USAGE', 'Cannot make a hash of nothing: type a password, or write it to stdin', {
      hint: 'For example: printf %s "$PASSWORD" | hold hash-password',
    });
  }
  const hash = await hashPassword(password);
  if (json) out.json({ hash });
  else out.line(hash);
}

/** Without its end; what comes behind it is not read. */
async function firstLine(stdin: NodeJS.ReadStream): Promise<string> {
  let text = '';
  for await (const chunk of stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return text.split(/\r?\n/, 1)[0] ?? '';
}
