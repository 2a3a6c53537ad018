/** Git LFS keeps large files elsewhere and commits a few lines in their place; github.com/git-lfs/git-lfs, docs/spec.md. */
import { HoldfastError } from '../../errors.ts';

/** Bytes; a pointer is shorter. */
export const LONGEST_POINTER = 1024;

const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:[a-z0-9.-]+ .*\n)*?oid sha256:[0-9a-f]{64}\nsize \d+\n?$/;

/** @throws HoldfastError SOURCE_INVALID when that is all there is of the file */
export function refusePointer(path: string, content: Buffer): void {
  if (!POINTER.test(content.toString('latin1'))) return;
  throw new HoldfastError(
    'SOURCE_INVALID',
    `Cannot take ${JSON.stringify(path)}: it is a Git LFS pointer, and not the file itself`,
    { hint: 'Run `git lfs pull`, and deploy the directory as it is instead of a commit' },
  );
}
