/** What every command of `hold pm2` gets. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { asHoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { ForeignExit } from '../foreign.ts';
import type { Voice } from './voice.ts';
import type { Pm2Words } from './words.ts';

export interface Session {
  readonly context: Context;
  readonly voice: Voice;
  readonly words: Pm2Words;
  /** Where PM2's users look for log and pid files; absolute. */
  readonly pm2Home: string;
}

/** PM2_HOME, else `~/.pm2`. */
export function pm2HomeOf(env: NodeJS.ProcessEnv, cwd: string): string {
  return env.PM2_HOME ? resolve(cwd, env.PM2_HOME) : join(env.HOME || homedir(), '.pm2');
}

/** Says what went wrong, and ends with exit code 1. */
export function fail({ voice }: Session, message: string, more: readonly string[] = []): never {
  voice.error(message, more);
  throw new ForeignExit(1);
}

/** Does all of it, also when a part fails; then says what failed and ends with exit code 1. */
export async function allOf(
  session: Session,
  work: readonly (() => Promise<void>)[],
  atOnce: boolean,
): Promise<void> {
  let failed = false;
  const one = async (job: () => Promise<void>) => {
    try {
      await job();
    } catch (error) {
      if (session.context.signal.aborted) throw error;
      failed = true;
      if (error instanceof ForeignExit) return;
      const { message, details, hint } = asHoldfastError(error);
      session.voice.error(message, [...(hint === '' ? [] : [hint]), ...details]);
    }
  };
  if (atOnce) await Promise.all(work.map(one));
  else for (const job of work) await one(job);
  if (failed) throw new ForeignExit(1);
}
