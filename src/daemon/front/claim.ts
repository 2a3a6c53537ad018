/**
 * Doors for a server in front that are listened on from the beginning: nobody else can have their ports, and requests that come before an
 * app is there wait. Node can only listen on a socket and accept there, or neither; so another process, which ends at once, does the first.
 */
import { spawnSync } from 'node:child_process';

/** As Node asks for by itself. */
const BACKLOG = 511;
const FIRST_FD = 3;
const SCRIPT = `
const { _createServerHandle } = require('node:net');
const listens = (fd) => {
  const handle = _createServerHandle(null, null, null, fd);
  return typeof handle === 'object' && handle.listen(${BACKLOG}) === 0;
};
const fds = Array.from({ length: Number(process.argv[1]) }, (_, index) => ${FIRST_FD} + index);
require('node:fs').writeSync(1, JSON.stringify(fds.map(listens)));
process.exit();
`;
const PATIENCE_MS = 20_000;

/** Begins to listen on bound sockets. Answers of each whether it could: another program may be listening on its port. */
export function listenOn(fds: readonly number[]): readonly boolean[] {
  if (fds.length === 0) return [];
  const { stdout } = spawnSync(process.execPath, ['-e', SCRIPT, String(fds.length)], {
    stdio: ['ignore', 'pipe', 'ignore', ...fds],
    env: {},
    timeout: PATIENCE_MS,
    encoding: 'utf8',
  });
  try {
    const answer: unknown = JSON.parse(stdout);
    return fds.map((_, index) => Array.isArray(answer) && answer[index] === true);
  } catch {
    // No process could be started: they are listened on when an app is.
    return fds.map(() => true);
  }
}
