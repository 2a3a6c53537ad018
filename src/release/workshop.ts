/** Where the programs of a release are run: as whom, with what environment, and where what they say goes. */
import type { AppPlan } from '../config/plan.ts';
import type { Machine } from '../launch/machine.ts';
import type { ReleaseRules } from '../protocol/release-rules.ts';
import { buildEnv } from './build-env.ts';
import { buildHomeOf } from './build-home.ts';
import { type Builder, builderOf } from './builder.ts';
import type { ReleasePaths } from './paths.ts';
import { RecordFiles } from './records.ts';
import { Runner } from './runner.ts';
import { StepOutput } from './step-output.ts';

export interface WorkshopOptions {
  readonly paths: ReleasePaths;
  /** The release. */
  readonly id: string;
  readonly rules: ReleaseRules;
  /** Users of the apps, in their order. */
  readonly users: readonly AppPlan['rights']['user'][];
  readonly machine: Machine;
  readonly shellEnv: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

export interface Workshop {
  readonly builder: Builder;
  readonly output: StepOutput;
  readonly runner: Runner;
  /** Directory of the release's record. */
  readonly records: string;
  /** Runs `release.hooks['before build']`, if there is one. */
  hook(name: string, dir: string): Promise<void>;
}

/** @throws HoldfastError RIGHTS_MISSING */
export function openWorkshop(options: WorkshopOptions): Workshop {
  const { paths, id, rules, users, machine, shellEnv, signal, onLine } = options;
  const builder = builderOf(rules.buildUser, users, machine);
  const home = buildHomeOf(paths, builder);
  const env = buildEnv({ shell: shellEnv, names: rules.buildEnv, home, user: builder.name });
  const records = new RecordFiles(paths.records).dirOf(id);
  const output = new StepOutput({ records, env, secret: rules.buildEnv, onLine });
  const runner = new Runner({ machine, builder, env, records, signal, output, releases: paths.releases });
  return {
    builder,
    output,
    runner,
    records,
    async hook(name, dir) {
      const words = rules.hooks[name];
      if (words) await runner.run(words, { cwd: dir, env: { HOLDFAST_RELEASE: id } });
    },
  };
}
