/** Reads tar archives as they come, one entry after the other: files and links, and nothing that could reach out of a directory. */
import { HoldfastError } from '../../../errors.ts';
import { ByteReader } from './byte-reader.ts';
import { BLOCK, damaged, parseHeader, parsePax, type TarHeader, utf8 } from './header.ts';

export interface TarEntry {
  readonly kind: 'file' | 'link' | 'directory';
  /** As in the archive, without `./` before and `/` behind it; nobody has checked it. */
  readonly path: string;
  /** Of a link. */
  readonly target: string;
  readonly executable: boolean;
  readonly size: number;
  /** To be read before the next entry. */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface TarOptions {
  /** What the archive says of itself; git writes the commit there. */
  readonly onComment?: (text: string) => void;
}

/** Names, not contents: more is an attack or damage. */
const LONGEST_META = 1024 * 1024;
const EXECUTABLE = 0o100;

/** Types that make something other than a file of its own; POSIX and GNU. */
const refused: Readonly<Record<string, string>> = {
  '1': 'is a hard link: make the archive with `--hard-dereference`',
  '3': 'is a device',
  '4': 'is a device',
  '6': 'is a pipe',
  S: 'is a sparse file: make the archive without `--sparse`',
};

/** @throws HoldfastError SOURCE_INVALID */
export async function* readTar(
  input: AsyncIterable<Uint8Array>,
  options: TarOptions = {},
): AsyncGenerator<TarEntry, void, undefined> {
  const reader = new ByteReader(input);
  // What a header says of the entry that follows it.
  let next = new Map<string, string>();
  for (;;) {
    const header = parseHeader(await reader.take(BLOCK));
    if (header === null) break;
    const { type, size } = header;
    if (type === 'x' || type === 'g') {
      const records = parsePax(await meta(reader, size));
      if (type === 'x') next = records;
      else options.onComment?.(records.get('comment') ?? '');
    } else if (type === 'L' || type === 'K') {
      const name = utf8(await meta(reader, size)).replace(/\0+$/, '');
      next.set(type === 'L' ? 'path' : 'linkpath', name);
    } else {
      const entry = entryOf(header, next);
      const left = reader.limited(entry.size);
      yield { ...entry, content: left };
      for await (const _ of left);
      await reader.skip(padding(entry.size));
      next = new Map();
    }
  }
  // To the end, so that a checksum behind it is looked at, too.
  await reader.drain();
}

function entryOf(header: TarHeader, pax: ReadonlyMap<string, string>): Omit<TarEntry, 'content'> {
  const name = pax.get('path') ?? header.name;
  const path = name.replace(/^(\.\/+)+/, '').replace(/\/+$/, '');
  const why = [...pax.keys()].some((key) => key.startsWith('GNU.sparse')) ? refused.S : refused[header.type];
  if (why !== undefined) {
    throw new HoldfastError('SOURCE_INVALID', `Cannot take ${JSON.stringify(path)}: it ${why}`);
  }
  const said = pax.get('size');
  const size = said === undefined ? header.size : Number(said);
  if (!Number.isSafeInteger(size) || size < 0) throw damaged('a number in a header cannot be read');
  const executable = (header.mode & EXECUTABLE) !== 0;
  switch (header.type) {
    case '\0':
    case '0':
    case '7':
      // Before POSIX, a directory was a file whose name ends so.
      return { kind: name.endsWith('/') ? 'directory' : 'file', path, target: '', executable, size };
    case '2':
      return {
        kind: 'link',
        path,
        target: pax.get('linkpath') ?? header.linkName,
        executable: false,
        size: 0,
      };
    case '5':
      return { kind: 'directory', path: path === '.' ? '' : path, target: '', executable: false, size: 0 };
    default:
      throw damaged(`${JSON.stringify(path)} is of an unknown kind, ${JSON.stringify(header.type)}`);
  }
}

async function meta(reader: ByteReader, size: number): Promise<Buffer> {
  if (size > LONGEST_META) throw damaged('a name is too long');
  const bytes = await reader.take(size);
  await reader.skip(padding(size));
  return bytes;
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}
