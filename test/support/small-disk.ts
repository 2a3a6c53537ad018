import { execFileSync } from 'node:child_process';
import { cleanup, type Test } from './cleanup.ts';
import { unavailable } from './programs.ts';
import { tempDir } from './temp-dir.ts';

/**
 * A disk of `bytes` of its own (a tmpfs), to be filled. Undefined, and the test skipped, where this user may not mount.
 */
export function smallDisk(t: Test, bytes: number): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    unavailable(t, 'mounting a small disk needs Linux and root');
    return undefined;
  }
  const dir = tempDir(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0755`, 'tmpfs', dir], { stdio: 'pipe' });
  } catch (error) {
    unavailable(t, `may not mount, though root: ${String(error)}`); // As in a container.
    return undefined;
  }
  // Lazy: a process that is still going down must not keep the mount for ever.
  cleanup(t, () => execFileSync('umount', ['-l', dir]));
  return dir;
}
