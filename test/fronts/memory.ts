/** How much memory the processes of a front take at most while something happens. */
import { readFileSync, writeFileSync } from 'node:fs';

/** In bytes, above what they had before; summed over the program and all that it started. */
export async function growthOf(pid: number, doing: () => Promise<void>): Promise<number> {
  const before = familyOf(pid).map((one) => {
    // From now on the peak is counted anew: see clear_refs in proc(5).
    writeFileSync(`/proc/${one}/clear_refs`, '5');
    return { one, resident: kilobytes(one, 'VmRSS') };
  });
  await doing();
  const grown = before.map(({ one, resident }) => kilobytes(one, 'VmHWM') - resident);
  return grown.reduce((sum, one) => sum + one, 0) * 1024;
}

function familyOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.flatMap((child) => familyOf(Number(child)))];
}

function kilobytes(pid: number, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0);
}
