/** `release.migrate`: once per deploy, as the first app would run, in the directory of the release, before any instance of it does. */
import { asHoldfastError, HoldfastError } from '../errors.ts';
import type { Made, MakeOptions } from './make.ts';
import { oneOff } from './one-off.ts';
import { RecordFiles } from './records.ts';
import { runProgram } from './run-program.ts';
import { StepLog } from './step-log.ts';
import { tellFailure } from './tell-failure.ts';
import { lookAtReleases, refuseIfUnderWay } from './under-way.ts';
import { openWorkshop } from './workshop.ts';

export type MigrationOptions = Pick<
  MakeOptions,
  'paths' | 'machine' | 'shellEnv' | 'clock' | 'signal' | 'onStep' | 'onLine'
>;

/**
 * Does nothing when there is nothing to migrate.
 *
 * @throws HoldfastError STEP_FAILED with the last lines of its output; the release is a failed one then
 */
export async function migrateRelease(options: MigrationOptions, { record, plan }: Made): Promise<void> {
  const { clock, onStep, signal, paths } = options;
  const { id } = record;
  const words = plan.release.migrate;
  if (words === null) return;
  const apps = Object.values(plan.apps);
  const users = apps.map(({ rights }) => rights.user);
  const { output, records, hook } = openWorkshop({ ...options, id, rules: plan.release, users });
  const dir = `${paths.releases}/${id}`;
  const log = new StepLog({ clock, records: new RecordFiles(paths.records), record, onStep });
  const say = (line: string) => output.say(line);
  output.begin('migrate');
  try {
    await log.run('migrate', async (report) => {
      const [app] = apps;
      if (!app)
        throw new HoldfastError('CONFIG_INVALID', 'There is no app whose environment it could run with');
      // The last moment at which nothing has happened.
      refuseIfUnderWay(await lookAtReleases(paths, record.project));
      await hook('before migrate', dir);
      const spec = oneOff(paths.home, app, words, { HOLDFAST_RELEASE: id });
      const order = { ...spec, words: words.join(' '), records, signal };
      say(`$ ${order.words}`);
      await runProgram({ ...order, onOut: say, onErr: say });
      await hook('after migrate', dir);
      report.note = output.mask(order.words);
    });
  } catch (error) {
    const given = signal.aborted;
    log.fail(given ? 'abandoned' : 'failed', given ? 'it was given up' : asHoldfastError(error).message);
    await tellFailure(paths.home, log.record);
    throw error;
  } finally {
    output.end();
  }
}
