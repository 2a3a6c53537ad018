/** The machine, and the file system of the home. */

import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { HostView } from '../../protocol/dashboard.ts';

/** @returns null when the file system does not answer */
export async function hostView(home: string): Promise<HostView | null> {
  try {
    // Asynchronous, for a file system that is away (NFS) keeps whoever asks waiting.
    const { bsize, blocks, bavail } = await statfs(home);
    return {
      cores: availableParallelism(),
      load1: loadavg()[0] ?? 0,
      memoryBytes: totalmem(),
      memoryFreeBytes: freemem(),
      diskBytes: bsize * blocks,
      diskFreeBytes: bsize * bavail,
    };
  } catch {
    return null;
  }
}
