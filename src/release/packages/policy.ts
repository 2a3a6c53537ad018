/** What of the difference to the release before must not be installed unseen. Pure but for asking when something was published. */
import { HoldfastError } from '../../errors.ts';
import { formatDuration } from '../../kit/units.ts';
import { inWords } from '../lockfile/check.ts';
import type { LockfileDiff } from '../lockfile/diff.ts';
import type { LockedPackage } from '../seams.ts';
import { names } from './scripts.ts';

/** When each version of a package was published, by version; ISO 8601. Undefined = nobody knows. */
export type PublishTimes = (name: string) => Promise<Readonly<Record<string, string>> | undefined>;

export interface CoolDown {
  readonly coolDownMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly times: PublishTimes;
}

/** Registries are asked for so many at a time. */
const AT_ONCE = 4;

/**
 * @param allowNew `name` or `name@version`
 * @throws HoldfastError PACKAGES_REFUSED
 */
export function refuseNewKinds({ added, gainedScript }: LockfileDiff, allowNew: readonly string[]): void {
  const elsewhere = added.filter(({ from }) => from === 'git' || from === 'url');
  refuse(
    elsewhere.filter((one) => !names(allowNew, one)),
    ({ from, resolved }) =>
      `comes from ${from === 'git' ? 'a git repository' : 'an URL'}, "${resolved}", without the registry's checks`,
  );
  refuse(
    gainedScript.filter((one) => !names(allowNew, one)),
    () => 'has an install script, which the version before had not',
  );
}

/**
 * @returns notes: what nobody knows the age of
 * @throws HoldfastError PACKAGES_REFUSED with all that are too young, or when the registry says nothing of any
 */
export async function refuseYoung(
  { added }: LockfileDiff,
  allowNew: readonly string[],
  { coolDownMs, now, times }: CoolDown,
): Promise<string[]> {
  const asked = added.filter((one) => one.from === 'registry' && !names(allowNew, one));
  if (coolDownMs === 0 || asked.length === 0) return [];
  const known = await timesOf([...new Set(asked.map(({ name }) => name))], times);
  if (known.size === 0) {
    const [first] = asked;
    const more = asked.length > 1 ? `, and of ${asked.length - 1} more` : '';
    throw new HoldfastError(
      'PACKAGES_REFUSED',
      `The registry does not say how old ${first ? specOf(first) : 'the new packages'} is${more}`,
      {
        hint:
          'Try again; if it never says that, put `coolDown: 0` into `release.install`. To take it all the same: ' +
          `\`${asked.map((one) => `--allow-new ${specOf(one)}`).join(' ')}\``,
        details: asked.map(specOf),
      },
    );
  }
  const ageOf = ({ name, version }: LockedPackage) => now - Date.parse(known.get(name)?.[version] ?? '');
  refuse(
    asked.filter((one) => ageOf(one) < coolDownMs),
    (one) => `was published ${formatDuration(Math.max(0, ageOf(one)))} ago`,
    `A version must be ${formatDuration(coolDownMs)} old (\`release.install.coolDown\`), since stolen packages are mostly found within a day`,
  );
  const unknown = asked.filter((one) => Number.isNaN(ageOf(one)));
  if (unknown.length === 0) return [];
  return [`The registry does not say when these were published: ${inWords(unknown.map(specOf))}`];
}

async function timesOf(
  wanted: readonly string[],
  times: PublishTimes,
): Promise<Map<string, Readonly<Record<string, string>>>> {
  const known = new Map<string, Readonly<Record<string, string>>>();
  const queue = wanted.values();
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const name of queue) {
      const found = await times(name);
      if (found) known.set(name, found);
    }
  });
  await Promise.all(workers);
  return known;
}

function refuse(
  packages: readonly LockedPackage[],
  why: (one: LockedPackage) => string,
  hint = 'Look at what it is',
): void {
  const [first] = packages;
  if (!first) return;
  const more = packages.length > 1 ? `, and ${packages.length - 1} more like it` : '';
  const allow = packages.map((one) => `--allow-new ${specOf(one)}`).join(' ');
  throw new HoldfastError('PACKAGES_REFUSED', `${specOf(first)} is new, and ${why(first)}${more}`, {
    hint: `${hint}. To take it all the same: \`${allow}\``,
    details: packages.map((one) => `${specOf(one)} ${why(one)}`),
  });
}

function specOf({ name, version }: LockedPackage): string {
  return `${name}@${version}`;
}
