/** From the daemon that runs to the one of this package, whatever version of the API the old one speaks. */
import { fileURLToPath } from 'node:url';
import { HoldfastError } from '../errors.ts';
import type { DaemonView } from '../protocol/api.ts';
import { homePaths } from '../protocol/home.ts';
import { type ChangeOptions, Client } from './client.ts';
import { connectNow } from './connect.ts';
import { isCutOff, isNobodyThere } from './http.ts';

const daemonProgram = fileURLToPath(new URL('../daemon/main.js', import.meta.url));
const timeoutMs = 15_000;
const pollMs = 20;

export interface VersionChange {
  readonly client: Client;
  readonly before: DaemonView;
  readonly after: DaemonView;
}

/** null when no daemon runs. Rejects with UPGRADE_FAILED, and the old one goes on, or DAEMON_UNREACHABLE. */
export async function changeVersion(home: string, options: ChangeOptions): Promise<VersionChange | null> {
  const old = new Client(homePaths(home).control);
  try {
    // The call for this is the same in all versions of the API.
    const before = await old.daemon({ timeoutMs: 10_000 });
    await old.upgrade({ main: daemonProgram, node: process.execPath }, options);
    return { before, ...(await successor(home, before)) };
  } catch (error) {
    if (isNobodyThere(error)) return null;
    throw error;
  } finally {
    old.close();
  }
}

async function successor(home: string, before: DaemonView): Promise<Pick<VersionChange, 'client' | 'after'>> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const found = await other(home, before.pid);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new HoldfastError(
    'DAEMON_UNREACHABLE',
    `The daemon of version "${before.version}" has ended, and the next one does not answer within ${timeoutMs / 1000} s`,
  );
}

async function other(home: string, pid: number): Promise<Pick<VersionChange, 'client' | 'after'> | null> {
  try {
    const client = await connectNow(home);
    const after = await client?.daemon();
    if (client && after && after.pid !== pid) return { client, after };
    client?.close();
  } catch (error) {
    // The old one, which speaks another version of the API and is about to end.
    const isOld = error instanceof HoldfastError && error.code === 'DAEMON_MISMATCH';
    if (!isOld && !isNobodyThere(error) && !isCutOff(error)) throw error;
  }
  return null;
}
