/** The daemon's process: `node dist/daemon/main.js --home <dir>`. The lock decides which of several may stay. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import { takeLock } from '../kit/lock.ts';
import { identify } from '../kit/proc.ts';
import { homePaths } from '../protocol/home.ts';
import { Daemon } from './daemon.ts';
import { takeHeld } from './holder.ts';
import { sayOnce } from './presence.ts';
import { unreadableState, type VersionCheck } from './upgrade.ts';

const { values } = parseArgs({ options: { home: { type: 'string' }, check: { type: 'boolean' } } });
if (!values.home) throw new Error('usage: node daemon/main.js --home <directory>');
process.title = `holdfast daemon ${values.home}`;
process.umask(0o077);

const paths = homePaths(values.home);
for (const dir of [paths.home, paths.run, paths.state, paths.logs])
  mkdirSync(dir, { recursive: true, mode: 0o700 });

if (values.check) {
  // Asked by the daemon of another version, see upgrade.ts: all of this program is loaded by now.
  const reason = unreadableState(paths.state);
  if (reason !== undefined) throw new Error(reason);
  console.log(JSON.stringify({ version: ownVersion() } satisfies VersionCheck));
  process.exit(0);
}

const lock = takeLock(paths.run, 'daemon.lock');
// Somebody else was faster, and serves whoever started us.
if ('owner' in lock) {
  sayOnce(paths.alive, 'attached');
  process.exit(0);
}

// An impossible state ends the process: the holder starts the next daemon, which finds everything as it was.
process.on('uncaughtException', (error) => {
  console.error(new Date().toISOString(), 'uncaught', error);
  process.exit(70);
});

// A daemon that is killed while it changes its holder has two of them. What the slower one starts may come after `hold down`.
const held = takeHeld(process.env);
if (held.holder !== null && existsSync(paths.ended)) {
  lock.release();
  process.exit(0);
}
rmSync(paths.ended, { force: true });

const me = identify(process.pid) ?? { pid: process.pid, startTime: 0 };
try {
  writeAtomicSync(paths.daemonPid, JSON.stringify(me), { sync: false });
} catch (error) {
  // On a full disk it only slows commands down.
  console.error(new Date().toISOString(), `cannot write ${paths.daemonPid}:`, error);
}
const daemon = new Daemon({ paths, version: ownVersion(), held, lock });
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void daemon.suspend());
process.on('SIGHUP', () => daemon.reloadFiles());
await daemon.start();

function ownVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
