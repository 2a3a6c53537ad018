/**
 * Process 1 of a container has two duties that Node does not know of: it inherits every process whose parent is gone, and must wait
 * for it (else it stays as a zombie, and fills the table of processes), and it gets no signal that it has no handler for. A shell
 * does both. So a Node that finds itself to be process 1 becomes one, with itself as its child.
 */
import { existsSync } from 'node:fs';

const SHELL = '/bin/sh';

/**
 * `wait` in dash, busybox and bash waits for all children, whoever started them. It ends early for a signal; then the child goes on, or has
 * ended at the same moment and is asked for its code once more (127: it was told already).
 */
const SCRIPT = `
"$@" &
child=$!
trap 'kill -TERM $child 2>/dev/null' TERM HUP QUIT
trap 'kill -INT $child 2>/dev/null' INT
while :; do
  wait $child
  code=$?
  kill -0 $child 2>/dev/null && continue
  wait $child 2>/dev/null
  again=$?
  [ $again -eq 127 ] || code=$again
  exit $code
done
`;

/** Since Node 22.15 and 23.11, see "process.execve" in its manual. */
type Execve = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never;

/** Does not return where this is process 1 and can be replaced. */
export function becomeInit(warn: (text: string) => void): void {
  if (process.pid !== 1) return;
  const { execve } = process as { execve?: Execve };
  if (!execve || !existsSync(SHELL)) {
    const missing = execve ? `there is no ${SHELL}` : 'this needs Node 22.15 or later';
    warn(
      `Process 1 cannot wait for processes that others left behind: ${missing}; start the container with an init (docker run --init, compose: init: true)`,
    );
    return;
  }
  // It is said to be experimental, which is no news to whoever reads the log of a container.
  process.removeAllListeners('warning');
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  execve.call(process, SHELL, ['sh', '-c', SCRIPT, 'hold', ...self], process.env);
}
