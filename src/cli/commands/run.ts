import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from 'commander';
import type { AppPlan } from '../../config/plan.ts';
import { HoldfastError } from '../../errors.ts';
import type { AppView } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import { ForeignExit } from '../foreign.ts';
import type { ContextFactory } from '../program.ts';

export function defineRun(program: Command, context: ContextFactory): void {
  program
    .command('run')
    .summary('run a command as an app would, once; or a job now')
    .description(
      'Runs a command once, here in the terminal, with the environment, secrets, directory, user and limits of an app, and ends with its exit code. The app need not run. Without a command, the app must be a job: it is run now.',
    )
    .argument('<app>', 'name of the app')
    .argument('[command...]', 'the command, behind `--`')
    .action((name: string, command: string[]) => run(context(), name, command));
}

async function run(context: Context, name: string, command: readonly string[]): Promise<void> {
  const { lookUpOne } = await import('../targets.ts');
  const { client, app } = await lookUpOne(context, name);
  if (command.length === 0) return runJob(context, app);
  const [plan, proxy] = await Promise.all([client.plan(app.name), client.proxyVariables(app.name)]);
  client.close();
  throw new ForeignExit(await runOnce(context, plan, proxy, command));
}

async function runJob(context: Context, app: AppView): Promise<void> {
  const { progress } = await import('../progress.ts');
  const client = await context.connect();
  const options = { onEvent: progress(context, app.name), signal: context.signal };
  const view = await client.runJob(app.name, options);
  if (context.json) return context.out.json(view);
  context.err.line(
    `${context.err.style.bold(app.name)} runs; \`hold logs -f ${app.name}\` shows what it does`,
  );
}

/** Its exit code; as a shell has it when it was killed: 128 and the number of the signal. */
async function runOnce(
  context: Context,
  plan: AppPlan,
  names: Readonly<Record<string, string>>,
  words: readonly string[],
): Promise<number> {
  const { oneOff } = await import('../../release/one-off.ts');
  const spec = oneOff(context.home, plan, words, names);
  const child = spawn(spec.file, [...spec.args], { cwd: spec.cwd, env: { ...spec.env }, stdio: 'inherit' });
  // A terminal sends Ctrl-C to both of us: what becomes of it is the command's business.
  context.takeSignals((signal) => {
    if (signal !== 'SIGINT') child.kill(signal);
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(
        new HoldfastError('START_FAILED', `Cannot run "${words.join(' ')}": ${error.message}`, {
          hint: 'Check the command and its permissions',
          cause: error,
        }),
      ),
    );
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
