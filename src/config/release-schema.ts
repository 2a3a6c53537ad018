/** How releases are made and promoted, and where they are sent. */
import { z } from 'zod';
import type { DeployTarget, ReleaseRules } from '../protocol/release-rules.ts';
import { described, optional, section, withDefault } from './describe.ts';
import { age, choice, duration, flag, kind, Refusal, share, text, wholeNumber } from './kinds.ts';
import { groupName, variableName } from './names.ts';
import type { Problem } from './problems.ts';
import { splitWords } from './shell-words.ts';
import { show } from './show.ts';

const commandJson = {
  title: 'command',
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'array', items: { type: 'string' }, minItems: 1 },
  ],
};

/** A command to its words, without a shell. */
const command = kind<string | readonly string[], readonly string[]>({
  ...commandJson,
  expected: 'a command such as "npm run build", or its words as a list',
  json: { anyOf: commandJson.anyOf },
  read: wordsOf,
});

function wordsOf(input: unknown): readonly string[] | Refusal | undefined {
  if (Array.isArray(input) && input.length > 0 && input.every((word) => typeof word === 'string'))
    return input;
  if (typeof input !== 'string' || input.trim() === '') return undefined;
  const words = splitWords(input);
  return 'problem' in words ? new Refusal(`cannot be run: ${words.problem}`) : words.words;
}

/** No command, one, or several. */
const commands = kind<
  false | string | readonly (string | readonly string[])[],
  readonly (readonly string[])[]
>({
  title: 'commands',
  expected: 'false, a command such as "npm run build", its words as a list, or a list of commands',
  json: {
    // What it can be says more than its name.
    title: undefined,
    anyOf: [{ type: 'boolean', const: false }, commandJson, { type: 'array', items: commandJson }],
  },
  read(input) {
    if (input === false) return [];
    const list = isListOfCommands(input);
    if (list instanceof Refusal) return list;
    const found = (list ? (input as unknown[]) : [input]).map(wordsOf);
    const refused = found.find((one) => one === undefined || one instanceof Refusal);
    if (refused instanceof Refusal || found.includes(undefined)) return refused;
    return found.filter((one): one is readonly string[] => Array.isArray(one));
  },
});

/** `["npm run a", "npm run b"]` is one, `["node", "build.js"]` are the words of one command: no program has a space in its name. */
function isListOfCommands(input: unknown): boolean | Refusal {
  if (!Array.isArray(input)) return false;
  if (input.length === 0 || input.some((one) => Array.isArray(one))) return true;
  const [first, ...rest] = input.map((one) => /\s/.test(String(one).trim()));
  if (first || !rest.includes(true)) return first ?? false;
  return new Refusal(
    `can be one command or several: write each command as the list of its words, such as [["npm", "run", "build"]]: got ${show(input)}`,
  );
}

/** Inside the release, and nowhere else. */
const inside = kind<string>({
  title: 'path',
  expected: 'a path inside the project, such as "uploads/"',
  json: { type: 'string', minLength: 1 },
  read(input) {
    if (typeof input !== 'string' || input.trim() === '' || input.includes('\0')) return undefined;
    const parts = input.split('/').filter((part) => part !== '' && part !== '.');
    if (input.startsWith('/') || parts.includes('..') || parts.length === 0)
      return new Refusal(`must be inside the project: got ${show(input)}`);
    return parts.join('/') + (input.endsWith('/') ? '/' : '');
  },
});

const urlPath = kind<string>({
  title: 'path',
  expected: 'a path such as "/healthz"',
  json: { type: 'string', pattern: '^/' },
  read: (input) => (typeof input === 'string' && /^\/[\x21-\x7e]*$/.test(input) ? input : undefined),
});

/** Where hooks can be put; `promote` is all that the daemon does: trial, canary, rollout, bake. */
const hookNames = ['install', 'build', 'migrate', 'promote'].flatMap((step) => [
  `before ${step}`,
  `after ${step}`,
]);
const hooks = (names: readonly string[]) =>
  z.record<z.ZodType<string, string>, typeof command>(choice(...names), command);

const install = section(
  {
    allowScripts: withDefault(z.array(text('package', 'the name of a package')), [], {
      says:
        'Packages whose install scripts are run. All others are installed without: most need none, and it is there that stolen ' +
        'packages attack. A deploy says which wanted to',
      example: ['sharp'],
    }),
    coolDown: withDefault(age, '24h', {
      says:
        'Versions that are younger than this are refused, since stolen packages are mostly found within a day. Only what differs ' +
        'from the release before is looked at; `--allow-new` lets one through',
    }),
    audit: optional(choice('low', 'moderate', 'high', 'critical'), {
      says: 'Refuse a release with a known vulnerability of this severity, or a worse one, in its production packages. Left out: it is told, no more',
      example: 'critical',
    }),
    signatures: withDefault(flag, true, { says: "Check the registry's signatures of what is new" }),
  },
  'How packages are installed',
);

export const releaseSettings = section(
  {
    build: optional(commands, {
      says: 'What makes the release out of the source. Left out: the script `build` of package.json, if there is one; `false`: nothing',
      example: 'npm run build',
    }),
    migrate: optional(command, {
      says: 'Run once per deploy, after the build and before any instance of the new release, with the environment of the first app',
      example: 'node scripts/migrate.js',
    }),
    shared: withDefault(z.array(inside), [], {
      says: 'Files and directories (with `/` at the end) that all releases share, such as what users upload',
      example: ['uploads/', '.env'],
    }),
    assets: withDefault(z.array(inside), [], {
      says: 'Directories with hashed files, of which those of earlier releases stay reachable while old pages are open',
      example: ['public/assets'],
    }),
    keep: withDefault(wholeNumber(1, 1000), 5, { says: 'How many earlier releases stay on disk' }),
    smoke: withDefault(z.array(urlPath), [], {
      says: 'Paths that one instance of the new release must answer with 2xx or 3xx before anybody gets to see it',
      example: ['/', '/api/version'],
    }),
    canary: withDefault(z.array(share), [], {
      says: 'Shares of the traffic that the new release gets first. Needs a site that leads to the app',
      example: ['5%', '25%'],
    }),
    canaryStep: withDefault(duration, '1m', { says: 'How long each share of `canary` is watched' }),
    bake: withDefault(duration, '20s', {
      says:
        'How long the new release is watched when it has all the traffic: crashes, answers with 5xx and slowness that the old one did ' +
        'not have bring the old one back',
    }),
    buildUser: optional(text('user', 'the name of a user'), {
      says: 'Who runs install and build when Holdfast is root. Left out: the user of the apps, else `nobody`',
    }),
    buildEnv: withDefault(z.array(variableName), [], {
      says: 'Variables of the shell that install and build get. Those of the apps, and their secrets, they never get',
      example: ['NPM_TOKEN'],
    }),
    install,
    hooks: withDefault(
      hooks(hookNames),
      {},
      {
        says: 'Commands before and after a step, such as `after build`; one that fails is a failure of the step. `promote` is all that happens with traffic',
        example: { 'after build': 'node scripts/upload-sourcemaps.js' },
      },
    ),
  },
  'How releases are made and promoted by `hold deploy`',
);

const target = z.strictObject({
  hosts: described(z.array(text('host', 'a host as for ssh, such as "deploy@app1"')).min(1), {
    says: 'Where to, as for `ssh`: your keys, agent, known hosts and ~/.ssh/config are what counts',
    example: ['deploy@app1', 'deploy@app2'],
  }),
  batch: withDefault(wholeNumber(1, 1000), 1, { says: 'How many hosts change at a time' }),
  home: optional(text('path', 'a path'), {
    says: "Holdfast's home on the hosts, when it is not the usual one",
  }),
  command: withDefault(text('command', 'a program'), 'holdfast', { says: 'Holdfast on the hosts' }),
  hooks: withDefault(
    hooks(['before host', 'after host']),
    {},
    {
      says: 'Commands on this machine, around each host, such as those that take it out of a balancer. They get HOLDFAST_HOST',
      example: { 'before host': 'scripts/drain.sh' },
    },
  ),
});

export const deploySettings = withDefault(
  z.record(groupName, target),
  {},
  {
    says: 'Where `hold deploy <name>` sends releases',
    example: { production: { hosts: ['deploy@app1'] } },
  },
);

export type ReleaseSettings = z.output<typeof releaseSettings>;
export type DeploySettings = z.output<typeof deploySettings>;

export function completeRelease(settings: ReleaseSettings, problems: Problem[]): ReleaseRules {
  const {
    build,
    migrate,
    canary,
    canaryStep,
    bake,
    buildUser,
    install: packages,
    hooks: around,
    ...rest
  } = settings;
  if (canary.some((part, index) => part <= (canary[index - 1] ?? 0)))
    problems.push({
      path: ['release', 'canary'],
      text: 'must grow from share to share, and begin above "0%"',
    });
  const { allowScripts, coolDown, audit = null, signatures } = packages;
  return {
    ...rest,
    build: build ?? null,
    migrate: migrate ?? null,
    canary: canary.filter((part) => part < 1),
    canaryStepMs: canaryStep,
    bakeMs: bake,
    buildUser: buildUser ?? null,
    install: { allowScripts, coolDownMs: coolDown, audit, signatures },
    hooks: around,
  };
}

export function completeDeploy(settings: DeploySettings, problems: Problem[]): Record<string, DeployTarget> {
  const targets = Object.entries(settings).map(([name, { home, ...rest }]) => {
    const wrong = rest.hosts.find((host) => host.startsWith('-'));
    if (wrong !== undefined)
      problems.push({ path: ['deploy', name, 'hosts'], text: `must not begin with "-": got ${show(wrong)}` });
    return [name, { name, ...rest, home: home ?? null }] as const;
  });
  return Object.fromEntries(targets);
}
