/** What a program does that has no file descriptor to spare. */
import { execFileSync } from 'node:child_process';

/**
 * Runs code in a Node of its own. It imports what it needs, calls `exhaust(spare)`, which takes all descriptors but so many, does what
 * is to be tried, and tells what came of it with `say`.
 *
 * @returns what it said; throws when it fails, also by an error that nobody handles
 */
export function withoutDescriptors(code: string): string {
  const helpers = `
    const { closeSync, openSync, writeSync } = await import('node:fs');
    const say = (text) => writeSync(1, text + '\\n');
    const taken = [];
    const exhaust = (spare) => {
      try { for (;;) taken.push(openSync('/dev/null')); } catch {}
      for (const fd of taken.splice(0, spare)) closeSync(fd);
    };`;
  const node = [process.execPath, '--input-type=module', '-e', helpers + code];
  return execFileSync('/bin/sh', ['-c', 'ulimit -n 100; exec "$@"', 'sh', ...node], {
    encoding: 'utf8',
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
