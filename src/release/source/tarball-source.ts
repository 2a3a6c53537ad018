/** An archive: of `npm pack`, of `git archive`, of tar. */
import { createReadStream, mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { HoldfastError, isSystemError } from '../../errors.ts';
import type { Source } from '../seams.ts';
import type { TreeEntry } from '../tree.ts';
import { type OpenOptions, withScratch } from './finish.ts';
import { spool } from './spool.ts';
import { damaged } from './tar/header.ts';
import { readTar } from './tar/reader.ts';

export interface TarballRequest {
  readonly kind: 'tarball';
  /** `.tar`, `.tar.gz`, `.tgz`: what it is, is seen from its content. */
  readonly file: string;
}

/** First bytes of what people have instead. */
const others: readonly [name: string, magic: string][] = [
  ['a zip archive', '504b0304'],
  ['compressed by xz', 'fd377a585a00'],
  ['compressed by bzip2', '425a68'],
  ['compressed by zstd', '28b52ffd'],
];

export function openTarball(request: TarballRequest, options: OpenOptions = {}): Promise<Source> {
  return withScratch(options, async (scratch) => {
    const file = resolve(request.file);
    const contents = join(scratch, 'contents');
    mkdirSync(contents);
    let commit: string | null = null;
    const onComment = (text: string) => {
      if (/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text)) commit = text;
    };
    const { entries, read } = await spool(
      readTar(await bytesOf(file), { onComment }),
      contents,
      options.signal,
    );
    const content = { entries: withoutTop(entries), read };
    const record = {
      kind: 'tarball',
      from: file,
      ref: null,
      commit,
      author: null,
      subject: null,
      dirty: false,
    } as const;
    return { content, record, notes: [] };
  });
}

/**
 * A single directory around everything is left out when the project is right below it: `package/` of npm pack, `shop-1.2.0/` of what
 * GitHub gives out.
 */
export function withoutTop(entries: readonly TreeEntry[]): readonly TreeEntry[] {
  const top = entries[0]?.path.split('/')[0];
  const prefix = `${top}/`;
  if (top === undefined || !entries.every(({ path }) => path.startsWith(prefix))) return entries;
  const isProject = entries.some(({ path }) =>
    /^(package\.json|holdfast\.config\.[a-z]+)$/.test(path.slice(prefix.length)),
  );
  return isProject ? entries.map((entry) => ({ ...entry, path: entry.path.slice(prefix.length) })) : entries;
}

async function bytesOf(file: string): Promise<AsyncIterable<Uint8Array>> {
  const head = await firstBytes(file);
  const other = others.find(([, magic]) => head.toString('hex').startsWith(magic));
  if (other) {
    throw new HoldfastError('SOURCE_INVALID', `Cannot read "${file}": it is ${other[0]}`, {
      hint: 'Make it with `tar czf`, `npm pack` or `git archive`',
    });
  }
  const input = createReadStream(file);
  if (head.toString('hex', 0, 2) !== '1f8b') return input;
  // The error arrives at whoever reads.
  return unpacked(pipeline(input, createGunzip(), () => {}));
}

async function* unpacked(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* input;
  } catch (error) {
    if (isSystemError(error) && error.code.startsWith('Z_'))
      throw damaged('it is damaged, or not all of it is there');
    throw error;
  }
}

async function firstBytes(file: string): Promise<Buffer> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const why = isSystemError(error) && error.code === 'ENOENT' ? 'there is no such file' : String(error);
    throw new HoldfastError('SOURCE_INVALID', `Cannot read "${file}": ${why}`, { cause: error });
  }
}
