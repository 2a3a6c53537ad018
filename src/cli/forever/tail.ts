/** The last lines of a plain file, and what is added to it: tail(1) with `-F`, in this process, so that nothing is left when it ends. */
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TailOptions {
  readonly count: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

const CHUNK = 64 * 1024;
/** People do not see the difference to a notification, which not every file system gives. */
const LOOK_EVERY_MS = 100;

/** Whole lines; of one that has no end yet, what is there when it does not follow. */
export async function* tailLines(
  file: string,
  { count, follow, signal }: TailOptions,
): AsyncGenerator<string> {
  let handle: FileHandle | undefined = await open(file);
  try {
    let position = await startOfLast(handle, count);
    let rest = Buffer.alloc(0);
    for (;;) {
      for (let bytes = await read(handle, position); bytes.length > 0; bytes = await read(handle, position)) {
        position += bytes.length;
        const all = Buffer.concat([rest, bytes]);
        const end = all.lastIndexOf(10) + 1;
        rest = all.subarray(end);
        if (end > 0)
          yield* all
            .subarray(0, end - 1)
            .toString()
            .split('\n');
        if (signal.aborted) return;
      }
      if (!follow) break;
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const next = await successor(handle, file, position);
      if (!next) continue;
      await handle.close();
      handle = next;
      [position, rest] = [0, Buffer.alloc(0)];
    }
    if (rest.length > 0) yield rest.toString();
  } finally {
    await handle?.close();
  }
}

/** The file of this name, opened anew when it is another one by now, or was emptied. */
async function successor(
  handle: FileHandle,
  file: string,
  position: number,
): Promise<FileHandle | undefined> {
  const other = await open(file).catch(() => undefined);
  if (!other) return undefined;
  const [mine, its] = await Promise.all([handle.stat(), other.stat()]);
  const isSame = mine.ino === its.ino && mine.dev === its.dev;
  if (!isSame || its.size < position) return other;
  await other.close();
  return undefined;
}

/** Where the last `count` lines begin. */
async function startOfLast(handle: FileHandle, count: number): Promise<number> {
  const { size } = await handle.stat();
  if (count === 0) return size;
  let found = 0;
  for (let end = size; end > 0; end -= CHUNK) {
    const start = Math.max(0, end - CHUNK);
    const bytes = await read(handle, start, end - start);
    for (let at = bytes.length - 1; at >= 0; at--) {
      const isLastByte = start + at === size - 1;
      if (bytes[at] === 10 && !isLastByte && ++found === count) return start + at + 1;
    }
  }
  return 0;
}

async function read(handle: FileHandle, position: number, length = CHUNK): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
