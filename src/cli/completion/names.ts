/** Names for completion: one small call to the daemon, or its files. Nothing is started, and an error is no name. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../../client/client.ts';
import { connectNow } from '../../client/connect.ts';
import { homePaths } from '../../protocol/home.ts';
import { currentRelease } from '../../release/current.ts';
import { type ReleasePaths, releasePaths } from '../../release/paths.ts';
import { RecordFiles } from '../../release/records.ts';
import type { Candidate, Kind, LookUp } from './candidates.ts';

/** Who waits at a prompt does not wait for a daemon that hangs. */
const patienceMs = 1000;

export function namesIn(home: string): LookUp {
  return async (kind: Kind) => {
    if (kind === 'release') return releases(home, (project) => entries(releasePaths(home, project).records));
    if (kind === 'earlier release') return releases(home, (project) => earlier(releasePaths(home, project)));
    return (await asked(home, kind)) ?? (kind === 'app' ? appsOnDisk(home) : []);
  };
}

/** undefined when there is no daemon, or no answer. */
async function asked(home: string, kind: Kind): Promise<readonly Candidate[] | undefined> {
  let client: Client | null = null;
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, patienceMs, undefined).unref());
  const answer = async () => {
    client = await connectNow(home);
    return client ? names(client, kind) : undefined;
  };
  try {
    return await Promise.race([answer(), late]);
  } catch {
    return undefined;
  } finally {
    (client as Client | null)?.close();
  }
}

async function names(client: Client, kind: Kind): Promise<readonly Candidate[]> {
  if (kind === 'site')
    return (await client.sites()).map(({ host }) => ({ value: host, description: 'site' }));
  const apps = await client.apps();
  if (kind === 'app') return apps.map(({ name, status }) => ({ value: name, description: status }));
  return apps.flatMap(({ instances }) =>
    instances.map(({ id, status }) => ({ value: id, description: status })),
  );
}

function appsOnDisk(home: string): readonly Candidate[] {
  try {
    const state = JSON.parse(readFileSync(join(homePaths(home).state, 'desired.json'), 'utf8')) as {
      apps?: object;
    };
    return Object.keys(state.apps ?? {}).map((value) => ({ value, description: 'not running' }));
  } catch {
    return [];
  }
}

/** Of all projects, the newest first: their ids begin with the time. */
function releases(home: string, idsOf: (project: string) => readonly string[]): readonly Candidate[] {
  // Beside those of any project lie those of all.
  const all = join(releasePaths(home, 'any').root, '..');
  return entries(all)
    .filter((project) => /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(project))
    .flatMap((project) => idsOf(project).map((id) => ({ value: id, description: project })))
    .sort((a, b) => (a.value < b.value ? 1 : -1));
}

/** What `hold rollback` takes: it has served, its files are there, and it does not serve now. */
function earlier(paths: ReleasePaths): string[] {
  const serving = currentRelease(paths);
  return new RecordFiles(paths.records)
    .list()
    .filter(
      ({ id, servedFrom }) => id !== serving && servedFrom !== null && existsSync(join(paths.releases, id)),
    )
    .map(({ id }) => id);
}

function entries(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
