/** What a push wants to change, and what of it is a release: git-receive-pack(1), githooks(5). */
import { HoldfastError } from '../../errors.ts';

export interface RefUpdate {
  /** Null = the ref is new. */
  readonly from: string | null;
  /** Null = the ref is removed. */
  readonly to: string | null;
  /** `refs/heads/main` */
  readonly ref: string;
}

/** Lines of pre-receive: `<old> <new> <ref>`; what is not there is all zeros. */
export function parseUpdates(text: string): RefUpdate[] {
  return text.split('\n').flatMap((line) => {
    const found = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (.+)$/.exec(line);
    if (!found) return [];
    const [, from = '', to = '', ref = ''] = found;
    return [{ from: hashOrNull(from), to: hashOrNull(to), ref }];
  });
}

function hashOrNull(hash: string): string | null {
  return /^0+$/.test(hash) ? null : hash;
}

/**
 * The commit that becomes a release; null = only other branches and tags are pushed, which are stored.
 *
 * @throws HoldfastError USAGE when the branch is to be removed
 */
export function pushedCommit(updates: readonly RefUpdate[], branch: string): string | null {
  const update = updates.find(({ ref }) => ref === `refs/heads/${branch}`);
  if (!update) return null;
  if (update.to !== null) return update.to;
  throw new HoldfastError(
    'USAGE',
    `The branch "${branch}" cannot be removed: it is the one that is deployed`,
    {
      hint: 'Nothing was changed',
    },
  );
}

export interface PushOptions {
  readonly allowNew: readonly string[];
  readonly again: boolean;
  readonly migrates: boolean;
}

/**
 * `git push -o allow-new=sharp -o again -o no-migrate`
 *
 * @throws HoldfastError USAGE
 */
export function parsePushOptions(env: NodeJS.ProcessEnv): PushOptions {
  const count = Number(env.GIT_PUSH_OPTION_COUNT ?? 0);
  const given = Array.from({ length: count }, (_, index) => env[`GIT_PUSH_OPTION_${index}`] ?? '');
  const allowed = /^allow-new=(.+)$/;
  const wrong = given.find((word) => word !== 'again' && word !== 'no-migrate' && !allowed.test(word));
  if (wrong !== undefined) {
    throw new HoldfastError('USAGE', `There is no push option "${wrong}"`, {
      hint: 'There are: -o allow-new=<package>, -o again, -o no-migrate',
    });
  }
  return {
    allowNew: given.flatMap((word) => allowed.exec(word)?.[1] ?? []),
    again: given.includes('again'),
    migrates: !given.includes('no-migrate'),
  };
}
