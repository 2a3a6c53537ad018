/** An example whose packages are too large for the repository's own: installed and built once, kept outside between runs. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { cleanup, type Test } from '../support/cleanup.ts';
import { plainEnv } from '../support/hold.ts';
import { unavailable } from '../support/programs.ts';
import { root } from '../support/root.ts';

const run = promisify(execFile);

/** What `npm ci` and the build leave in an example that somebody has tried. */
const made = ['node_modules', '.next'];

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast-test-examples');

/**
 * The directory of the example as it is after its build, without the packages that only the build needs. It is made anew when a
 * file of the example has changed. Where it cannot be installed, as without a network, the test is skipped.
 */
export async function builtExample(t: Test, name: string): Promise<string | undefined> {
  const source = join(root, 'examples', name);
  const dir = join(cache, `${name}-${hashOf(source)}`);
  if (existsSync(dir)) return dir;

  const making = `${dir}.${process.pid}`;
  cleanup(t, () => rmSync(making, { recursive: true, force: true }));
  for (const file of filesOf(source)) cpSync(join(source, file), join(making, file));
  const options = { cwd: making, env: { ...plainEnv(), NEXT_TELEMETRY_DISABLED: '1' }, timeout: 240_000 };
  try {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1'], options);
  } catch (error) {
    unavailable(t, `npm ci in examples/${name} fails: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
  await run('npm', ['run', 'build'], options);
  rmSync(join(making, 'node_modules'), { recursive: true });
  removeOthers(name);
  // Another run may have been quicker: then there is one already, and it is the same.
  if (!existsSync(dir)) renameSync(making, dir);
  return dir;
}

/** Builds of other states of the example; one that another run is making has a dot in its name. */
function removeOthers(name: string): void {
  for (const entry of readdirSync(cache)) {
    if (!entry.startsWith(`${name}-`) || entry.includes('.')) continue;
    rmSync(join(cache, entry), { recursive: true, force: true });
  }
}

function hashOf(source: string): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of filesOf(source)) hash.update(`\0${file}\0`).update(readFileSync(join(source, file)));
  return hash.digest('hex').slice(0, 16);
}

function filesOf(source: string): string[] {
  return readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(source, join(entry.parentPath, entry.name)))
    .filter((file) => !made.some((directory) => file.startsWith(`${directory}/`)))
    .sort();
}
