/** For commands that are done, but for the server in front. */
import { HoldfastError } from '../../errors.ts';
import type { Front } from './front.ts';

const HINT =
  'The apps are as they are wanted, but the server in front goes on with what it had. It is tried again every 30 seconds, and at once by `hold up`';

/** Resolves when the server in front has what by now is the wish, and runs; throws when it refuses that. */
export async function takenUp(front: Pick<Front, 'settled'>): Promise<void> {
  try {
    await front.settled();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    throw new HoldfastError(error.code, error.message, { details: error.details, hint: HINT, cause: error });
  }
}
