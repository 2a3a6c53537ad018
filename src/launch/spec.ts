/** From a plan to what spawn(2) needs: program, arguments, directory, environment. Pure: what it depends on comes in. */
import { dirname } from 'node:path';
import type { AppPlan, Command } from '../config/plan.ts';
import { chained } from './chain.ts';
import { environmentOf, splitActedOn } from './environment.ts';
import { identityOf } from './identity.ts';
import type { Machine } from './machine.ts';
import { nodeOf } from './node.ts';
import { permissionArgs } from './permissions.ts';

export interface LaunchOrder {
  readonly plan: Pick<AppPlan, 'command' | 'cwd' | 'env' | 'baseEnv' | 'rights' | 'node'>;
  readonly machine: Machine;
  /** As `readSecrets` has them, and what `hold env` has set. */
  readonly secrets: Readonly<Record<string, string>>;
  /** For PORT; null: the environment of the plan may have one. */
  readonly port: number | null;
  /** Variables that nothing of the plan overrides. */
  readonly names: Readonly<Record<string, string>>;
  /** Absolute path of a file to load into a Node program before its own code. */
  readonly preload: string | null;
  /** The working directory with its symbolic links resolved. */
  readonly realCwd: string;
  /** What the preload reads and writes, for Node's permission model. */
  readonly preloadPaths: { readonly read: readonly string[]; readonly write: readonly string[] };
  /** Directory of the cgroup to join. */
  readonly cgroup: string | null;
}

export interface LaunchSpec {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export function launchSpec(order: LaunchOrder): LaunchSpec {
  const { plan, machine, cgroup } = order;
  const identity = identityOf(plan.rights, machine);
  const env = withNode(environmentOf({ ...order, account: identity?.account ?? null }), plan);
  const { safe, actedOn } = identity?.account ? splitActedOn(env) : { safe: env, actedOn: {} };
  const program = [...runtime(order), ...plan.command.args.map((arg) => withPort(arg, env.PORT))];
  const later = Object.entries(actedOn).map(([name, value]) => `${name}=${value}`);
  const [file = '', ...args] = chained(
    later.length === 0 ? program : [machine.program('env') ?? 'env', ...later, ...program],
    plan.rights,
    identity,
    cgroup,
    machine,
  );
  return { file, args, cwd: plan.cwd, env: safe };
}

export type OneOff = Pick<LaunchOrder, 'plan' | 'machine' | 'secrets' | 'names' | 'realCwd'>;

/** A command beside the app (`hold run web -- node scripts/migrate.js`): its environment, directory, user and limits, without its port and guest. */
export function oneOffSpec(order: OneOff, command: Command): LaunchSpec {
  return launchSpec({
    ...order,
    plan: { ...order.plan, command },
    port: null,
    preload: null,
    preloadPaths: { read: [], write: [] },
    cgroup: null,
  });
}

/** The program, and for Node what comes before the script. */
function runtime({ plan, machine, preload, preloadPaths, realCwd }: LaunchOrder): string[] {
  const { command, rights, cwd } = plan;
  if (!command.node) return [command.file];
  const own = [...new Set([cwd, realCwd, dirname(command.file)])];
  const node = nodeOf(plan, machine);
  return [
    node.path,
    ...(rights.permissions
      ? permissionArgs(rights.permissions, node.version, {
          own,
          read: [...(preload ? [`${dirname(preload)}/*`] : []), ...preloadPaths.read],
          write: preloadPaths.write,
        })
      : []),
    // A report of a fatal error would look up the names of all connections, which can take minutes; only this option stops it.
    ...(preload ? ['--report-exclude-network', '--require', preload] : []),
    ...command.nodeArgs,
    command.file,
  ];
}

/** What the app starts itself, such as a program with `#!/usr/bin/env node`, runs on the same Node. */
function withNode(env: Record<string, string>, { node }: LaunchOrder['plan']): Record<string, string> {
  if (!node?.found) return env;
  const own = dirname(node.found.path);
  return { ...env, PATH: env.PATH === undefined ? own : `${own}:${env.PATH}` };
}

function withPort(arg: string, port: string | undefined): string {
  return port === undefined ? arg : arg.replaceAll(/\$PORT\b|\$\{PORT\}/g, port);
}
