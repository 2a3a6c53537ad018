/** The files of one directory: finds them, in the coding that a client likes best, and keeps the small ones that are asked for. */
import type { FilesRoute } from '../../protocol/site-content.ts';
import { type Coding, chooseCoding } from '../encode/accept-encoding.ts';
import { isCompressible } from '../encode/compressible.ts';
import { mediaType } from './media-types.ts';
import { closeFile, type OpenFile, openBelow } from './open.ts';
import { type StoredFile, storedFile, versionOf } from './stored-file.ts';

/** For this long nobody looks whether a file is another one. */
const FRESH_MS = 1_000;
/** Of all kept files of a directory. */
const KEPT_BYTES_MAX = 32 * 1024 * 1024;
const KEPT_MAX = 4_096;
/** Files beside a file, with the same content in another coding. */
const siblings: readonly (readonly [coding: Coding, suffix: string])[] = [
  ['br', '.br'],
  ['zstd', '.zst'],
  ['gzip', '.gz'],
];

/** A file to be sent. */
export interface Found {
  readonly type: string;
  /** That the content is in. */
  readonly coding: Coding | undefined;
  /** Another client may get it in another coding. */
  readonly varies: boolean;
  readonly file: Omit<StoredFile, 'identity'>;
  /** When the content is not in memory: whoever gets it closes it. */
  readonly fd: number | undefined;
}

/** 'directory': there is something to be found one level below. */
export type Finding = Found | 'directory' | 'denied' | undefined;

interface Entry {
  readonly checkedAt: number;
  readonly type: string;
  readonly plain: StoredFile;
  readonly coded: ReadonlyMap<Coding, StoredFile>;
  readonly bytes: number;
}

export class Folder {
  readonly route: FilesRoute;
  /** Of the paths that lead here, without a slash at its end. */
  readonly #base: string;
  readonly #now: () => number;
  /** The one that was used last is the last. */
  readonly #entries = new Map<string, Entry>();
  readonly #loading = new Map<string, Promise<Entry | 'directory' | 'denied' | undefined>>();
  #bytes = 0;

  constructor(prefix: string, route: FilesRoute, now: () => number) {
    this.route = route;
    this.#base = prefix.replace(/\/$/, '');
    this.#now = now;
  }

  /** What a path has behind the prefix: a slash and the name of a file, or nothing. */
  rest(path: string): string {
    return path.slice(this.#base.length);
  }

  /** At once when it is known. */
  find(segments: readonly string[], acceptEncoding: string): Finding | Promise<Finding> {
    const key = segments.join('/');
    const entry = this.#entries.get(key);
    if (entry && this.#now() - entry.checkedAt < FRESH_MS) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      return this.#serve(segments, entry, acceptEncoding);
    }
    return this.#look(segments, key, entry).then((found) =>
      typeof found === 'object' ? this.#serve(segments, found, acceptEncoding) : found,
    );
  }

  #serve(segments: readonly string[], entry: Entry, acceptEncoding: string): Finding | Promise<Finding> {
    const { type, plain, coded } = entry;
    const coding = coded.size === 0 ? undefined : chooseCoding(acceptEncoding, [...coded.keys()]);
    const file = (coding && coded.get(coding)) ?? plain;
    const varies = coded.size > 0;
    if (file.body) return { type, coding, varies, file, fd: undefined };
    return this.#open(segments, { type, coding, varies });
  }

  async #open(
    segments: readonly string[],
    facts: Pick<Found, 'type' | 'coding' | 'varies'>,
  ): Promise<Finding> {
    const opened = await openBelow(this.route.root, named(segments, facts.coding));
    if (typeof opened !== 'object') return opened;
    const version = versionOf(opened, facts.coding, this.#now());
    return { ...facts, file: { ...version, size: opened.stats.size, body: undefined }, fd: opened.fd };
  }

  /** Looks at the disk; several who ask at the same time wait for one look. */
  #look(
    segments: readonly string[],
    key: string,
    before: Entry | undefined,
  ): Promise<Entry | 'directory' | 'denied' | undefined> {
    const running = this.#loading.get(key);
    if (running) return running;
    const look = this.#load(segments, before)
      .then((found) => {
        this.#forget(key);
        if (typeof found === 'object') this.#keep(key, found);
        return found;
      })
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, look);
    return look;
  }

  async #load(
    segments: readonly string[],
    before: Entry | undefined,
  ): Promise<Entry | 'directory' | 'denied' | undefined> {
    const opened = await openBelow(this.route.root, segments);
    if (typeof opened !== 'object') return opened;
    const plain = await this.#stored(opened, undefined, before?.plain);
    const type = mediaType(segments.at(-1) ?? '');
    const coded = new Map<Coding, StoredFile>();
    if (isCompressible(type)) {
      for (const [coding] of siblings) {
        const sibling = await openBelow(this.route.root, named(segments, coding));
        if (typeof sibling !== 'object') continue;
        coded.set(coding, await this.#stored(sibling, coding, before?.coded.get(coding)));
      }
    }
    let bytes = plain.body?.length ?? 0;
    for (const { body } of coded.values()) bytes += body?.length ?? 0;
    return { checkedAt: this.#now(), type, plain, coded, bytes };
  }

  async #stored(
    opened: OpenFile,
    coding: Coding | undefined,
    before: StoredFile | undefined,
  ): Promise<StoredFile> {
    try {
      return await storedFile(opened, coding, this.#now(), before);
    } finally {
      closeFile(opened.fd);
    }
  }

  #keep(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= KEPT_BYTES_MAX && this.#entries.size <= KEPT_MAX) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}

function named(segments: readonly string[], coding: Coding | undefined): readonly string[] {
  const suffix = siblings.find(([known]) => known === coding)?.[1] ?? '';
  return [...segments.slice(0, -1), `${segments.at(-1)}${suffix}`];
}
