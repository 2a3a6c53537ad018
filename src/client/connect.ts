/** From a home directory to a client whose daemon answers and speaks the same API. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, isSystemError } from '../errors.ts';
import { API_VERSION } from '../protocol/api.ts';
import { homePaths } from '../protocol/home.ts';
import { Client } from './client.ts';
import { isCutOff, isNobodyThere } from './http.ts';

export interface ConnectOptions {
  /** Absolute path of the home directory. */
  readonly home: string;
  /** Start a daemon when there is none; without it that is DAEMON_UNREACHABLE. */
  readonly start?: boolean;
}

/** How long a daemon may take for its first answer. A healthy one needs a millisecond. */
const answerTimeoutMs = 10_000;

/**
 * A client of the home's daemon. Waits for one that is coming back after a crash; starts one when `start` says so.
 * Rejects with DAEMON_UNREACHABLE, DAEMON_MISMATCH (it speaks another version of the API) or HOME_UNUSABLE.
 */
export async function connect({ home, start = false }: ConnectOptions): Promise<Client> {
  const client = (await connectNow(home)) ?? (await connectLater(home, start));
  if (client) return client;
  throw new HoldfastError('DAEMON_UNREACHABLE', `No daemon runs for "${home}"`, {
    hint: '`hold start` and `hold up` start one',
  });
}

/**
 * For commands that only look: a client, or null when nothing runs and nothing should. When apps are wished for and
 * the daemon is gone, it is started, because those apps may well be alive; unless an init system keeps it, which was
 * told to stop it then, and has ended them.
 */
export async function connectIfRunning(home: string): Promise<Client | null> {
  const client = await connectNow(home);
  if (client) return client;
  return connectLater(home, (await hasWishes(home)) && !(await isStopped(home)));
}

/** null when nobody answers at this moment. */
export async function connectNow(home: string): Promise<Client | null> {
  const client = new Client(homePaths(home).control);
  try {
    const daemon = await client.daemon({ timeoutMs: answerTimeoutMs });
    if (daemon.api !== API_VERSION) throw mismatch(daemon.api, daemon.version);
    return client;
  } catch (error) {
    client.close();
    if (isNobodyThere(error) || isCutOff(error)) return null;
    throw error;
  }
}

async function connectLater(home: string, start: boolean): Promise<Client | null> {
  // Rarely needed and not small: not loaded by a command that finds its daemon.
  const { awaitReturn, startDaemon } = await import('./start-daemon.ts');
  const returned = await awaitReturn(home, () => connectNow(home));
  if (returned || !start) return returned;
  return startDaemon(home, () => connectNow(home));
}

/** Whether the desired state on disk names an app. A damaged file may: the daemon repairs it. */
async function hasWishes(home: string): Promise<boolean> {
  const file = join(homePaths(home).state, 'desired.json');
  try {
    const state = JSON.parse(await readFile(file, 'utf8')) as { apps?: object };
    return Object.keys(state.apps ?? {}).length > 0;
  } catch (error) {
    return !isSystemError(error) || (error.code !== 'ENOENT' && error.code !== 'ENOTDIR');
  }
}

async function isStopped(home: string): Promise<boolean> {
  const { isStoppedByInit } = await import('./ask-init.ts');
  return isStoppedByInit(home);
}

function mismatch(api: number, version: string): HoldfastError {
  return new HoldfastError(
    'DAEMON_MISMATCH',
    `The daemon that runs is Holdfast "${version}" and speaks version ${api} of the control API: this command speaks version ${API_VERSION}`,
  );
}
