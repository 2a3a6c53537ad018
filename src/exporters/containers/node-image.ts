/** How an image gets its packages, by the package manager that the project's lockfile is of. Pure. */
import type { Plan } from '../../config/plan.ts';
import type { ExportOptions, ProjectFacts } from '../exported.ts';

/** What is said where nobody looked: a project of npm. */
export const npmProject: ProjectFacts = {
  manager: 'npm',
  managerVersion: null,
  files: ['package.json', 'package-lock.json'],
  node: '24',
  hasBuild: false,
  holdfast: 'latest',
};

/** The image that Node itself publishes, Debian without what is not needed. */
export function nodeImage(plan: Plan, options: Pick<ExportOptions, 'project'>): string {
  return `node:${nodeVersion(plan, options.project)}-slim`;
}

/** As exact as the plan says it, or else the project: `24`, `24.5.0`. */
export function nodeVersion(plan: Plan, { node } = npmProject): string {
  const wanted = Object.values(plan.apps).find(({ node }) => node !== null)?.node;
  const exact = wanted?.found?.version ?? /^\D*(\d+(?:\.\d+)*)/.exec(wanted?.wanted ?? '')?.[1];
  return exact ?? node;
}

/** Commands of sh: get the package manager, install all, run install scripts that are allowed, and afterwards leave out what only builds need. */
export interface Packages {
  readonly cache: string;
  readonly prepare: string | null;
  readonly install: string;
  readonly scripts: string | null;
  readonly run: (script: string) => string;
  readonly prune: string;
}

export function packagesOf({ manager, managerVersion }: ProjectFacts, allowed: readonly string[]): Packages {
  const names = allowed.map((name) => JSON.stringify(name)).join(' ');
  const version = managerVersion === null ? '' : `@${managerVersion}`;
  const run = (script: string) => `${manager} run ${script}`;
  const rebuild = names === '' ? null : `npm rebuild ${names}`;
  switch (manager) {
    case 'npm':
      return {
        cache: '/root/.npm',
        prepare: managerVersion === null ? null : `npm install --global npm${version}`,
        install: 'npm ci --ignore-scripts',
        scripts: rebuild,
        run,
        prune: 'npm prune --omit=dev --ignore-scripts',
      };
    case 'pnpm':
      return {
        cache: '/root/.local/share/pnpm/store',
        prepare: `npm install --global pnpm${version}`,
        install: 'pnpm install --frozen-lockfile --ignore-scripts',
        scripts: names === '' ? null : `pnpm rebuild ${names}`,
        run,
        prune: 'CI=true pnpm prune --prod --ignore-scripts',
      };
    case 'bun':
      return {
        cache: '/root/.bun/install/cache',
        prepare: `npm install --global bun${version}`,
        install: 'bun install --frozen-lockfile --ignore-scripts',
        scripts: rebuild,
        run,
        prune: 'rm -rf node_modules && bun install --frozen-lockfile --ignore-scripts --production',
      };
    case 'yarn':
      if (Number.parseInt(managerVersion ?? '1', 10) > 1)
        return berry(`@yarnpkg/cli-dist${version}`, rebuild);
      return {
        cache: '/usr/local/share/.cache/yarn',
        // The image has version 1.
        prepare: null,
        install: 'yarn install --frozen-lockfile --ignore-scripts',
        scripts: rebuild,
        run,
        prune: 'yarn install --frozen-lockfile --ignore-scripts --production --prefer-offline',
      };
  }
}

/** Yarn from version 2 on, which has other words for everything. */
function berry(program: string, rebuild: string | null): Packages {
  const env = 'YARN_NODE_LINKER=node-modules YARN_ENABLE_SCRIPTS=false';
  return {
    cache: '/root/.yarn/berry/cache',
    // The image has a version 1 of the same name.
    prepare: `npm install --global --force ${program}`,
    install: `${env} yarn install --immutable`,
    scripts: rebuild,
    run: (script) => `yarn run ${script}`,
    prune: `${env} yarn workspaces focus --all --production`,
  };
}
