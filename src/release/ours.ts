/**
 * Directories that somebody else owns, such as the build user, taken by root before it works in them: until then whoever owns one can
 * put a link in the place of what root is about to read, change or remove. From the top down: the owner of a directory decides what is
 * in it. For who is not root there is nobody else.
 */
import { chmodSync, lchownSync, lstatSync, type PathLike, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The directory above it must be ours already. */
export function makeOurs(dir: PathLike, mode = 0o755): void {
  const found = lstatSync(dir);
  makeOwn(dir, found.uid);
  if (found.isDirectory() && (found.mode & 0o777) !== mode) chmodSync(dir, mode);
}

/** The directory and all directories below it; links are not followed. */
export function makeAllOurs(dir: string): void {
  const ahead = [dir];
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    makeOurs(at);
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      // What is no UTF-8 is refused by whoever reads the names.
      if (entry.isDirectory() && !entry.name.includes('\ufffd')) ahead.push(join(at, entry.name));
    }
  }
}

/** Gives it to somebody with all that is below it. What is below comes first, and it itself last: until then only we can change it. */
export function giveAll(path: string, uid: number, gid: number): void {
  if (lstatSync(path).isDirectory()) {
    for (const name of readdirSync(path)) giveAll(join(path, name), uid, gid);
  }
  lchownSync(path, uid, gid);
}

export function makeOwn(path: PathLike, uid: number): void {
  // Nobody else may, nor has files of others there.
  if (process.geteuid?.() === 0 && uid !== 0) lchownSync(path, 0, 0);
}
