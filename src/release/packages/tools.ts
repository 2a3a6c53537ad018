/** Packages and Node, put together for make.ts. */
import { type Clock, systemClock } from '../../kit/clock.ts';
import { findLockfile, readManifest } from '../lockfile/find.ts';
import { rangeFor, withNodes } from '../node/plan-nodes.ts';
import { ensureNode, ownNode } from '../node/runtime.ts';
import type { NodeRuntime, PackageTools } from '../seams.ts';
import { type Fetcher, npmFetcher, ownNpm } from '../tools.ts';
import { nameOf, wishOf } from './manager.ts';
import { Packages } from './packages.ts';

export interface PackageToolsOptions {
  /** Of the shell that deploys. */
  readonly env?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
  readonly fetcher?: Fetcher;
}

export function createPackageTools({
  env = process.env,
  clock = systemClock,
  fetcher = npmFetcher(env),
}: PackageToolsOptions = {}): PackageTools {
  const own = ownNode();
  /** By the release's directory: from `prepare` to `produce`. */
  const begun = new Map<string, Packages | null>();
  const secrets = new Map<string, Readonly<Record<string, string>>>();
  return {
    async node(facts, { dir, tools, offline, runner }) {
      const named = facts.release.buildEnv.flatMap((name) => {
        const value = env[name];
        return value === undefined ? [] : [[name, value] as const];
      });
      secrets.set(dir, Object.fromEntries(named));
      const wanted = facts.apps.find((one) => one.node !== null)?.node ?? null;
      const range = rangeFor(wanted, dir);
      const plain: NodeRuntime = { version: own.version, path: own.path, abi: own.abi };
      if (range === null) return plain;
      return ensureNode(range, { tools, fetcher, offline, say: (line) => runner.say(line), own });
    },
    async prepare(request) {
      const options = {
        clock,
        fetcher,
        ownNpm: ownNpm(env),
        ownNode: own,
        env,
        secrets: secrets.get(request.dir) ?? {},
      };
      const packages = await Packages.of(request, options);
      begun.set(request.dir, packages);
      return packages && (await packages.prepare());
    },
    async produce({ dir }) {
      const packages = begun.get(dir);
      begun.delete(dir);
      return packages ? await packages.produce() : null;
    },
    async plan(plan, { dir, tools, offline = false, say }) {
      return withNodes(plan, dir, { tools, fetcher, offline, say, own });
    },
    managerOf(dir) {
      const wish = wishOf(readManifest(dir) ?? {});
      return wish?.name ?? nameOf(findLockfile(dir)?.kind ?? 'npm');
    },
  };
}
