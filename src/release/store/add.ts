/** A content that comes in pieces, of any size: written as it comes, and kept when it is what it is said to be. */
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { HoldfastError } from '../../errors.ts';
import type { TreeFile } from '../tree.ts';
import type { Contents } from './contents.ts';
import { quote } from './tree-rules.ts';

/** @throws HoldfastError SOURCE_INVALID when size or hash are others */
export async function addContent(
  contents: Contents,
  file: TreeFile,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = contents.temporaryPath();
  const handle = await open(temporary, 'wx', 0o600);
  try {
    const sum = createHash('sha256');
    let size = 0;
    for await (const chunk of content) {
      size += chunk.length;
      if (size > file.size) break;
      sum.update(chunk);
      await handle.writeFile(chunk);
    }
    if (size !== file.size || sum.digest('hex') !== file.hash) {
      throw new HoldfastError(
        'SOURCE_INVALID',
        `Cannot take ${quote(file.path)}: its content is not what was announced`,
        { hint: 'It was changed while it was read, or damaged on the way: deploy again' },
      );
    }
    contents.take(file, temporary);
  } finally {
    await handle.close();
    await rm(temporary, { force: true });
  }
}
