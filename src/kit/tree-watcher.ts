/**
 * Notices changes below a path. One kernel watch per directory and nothing per file (see inotify(7)), so that large trees cost
 * little. It says that something changed, not what: who wants to know more looks.
 *
 * The path may be a file, may be a symlink, and need not exist (yet, or for a moment, as when a build makes it anew).
 */
import { type FSWatcher, type Stats, statSync, watch } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface TreeWatcherOptions {
  /** Absolute. */
  readonly root: string;
  /** Of what is ignored nothing is told, and a directory is not entered. Not asked of the root. */
  isIgnored(path: string): boolean;
  /** A file was added, written, moved or removed, or a directory that was known is gone. */
  onChange(path: string, kind: 'file' | 'directory'): void;
  /** Something cannot be watched: ENOSPC and EMFILE are limits of the kernel, see `inotify(7)`. */
  onProblem(error: NodeJS.ErrnoException): void;
}

type ChangeType = 'rename' | 'change';

/** Events that come together are looked at together. */
const GATHER_MS = 20;

export class TreeWatcher {
  readonly #options: TreeWatcherOptions;
  readonly #dirs = new Map<string, FSWatcher>();
  /** By the path of a symlink: watches the directory that has its target. */
  readonly #targets = new Map<string, FSWatcher>();
  /** Real paths of directories outside that were entered through a symlink. */
  readonly #entered = new Map<string, string>();
  /** Sockets and the like: their end is no change of a file either. */
  readonly #special = new Set<string>();
  readonly #pending = new Map<string, ChangeType>();
  #anchor: { readonly dir: string; readonly watcher: FSWatcher } | null = null;
  #gathering: NodeJS.Timeout | null = null;
  #realRoot = '';
  #closed = false;
  /** Resolves when the tree as it is has been walked. */
  readonly ready: Promise<void>;

  constructor(options: TreeWatcherOptions) {
    this.#options = options;
    this.#dropAnchor();
    this.ready = this.#enterRoot(false);
  }

  /** Directories that are watched, for tests. */
  get size(): number {
    return this.#dirs.size;
  }

  close(): void {
    this.#closed = true;
    if (this.#gathering) clearTimeout(this.#gathering);
    this.#anchor?.watcher.close();
    for (const watcher of [...this.#dirs.values(), ...this.#targets.values()]) watcher.close();
    this.#dirs.clear();
    this.#targets.clear();
  }

  /** Watches the nearest directory above the root that exists: there the root itself comes and goes. */
  #dropAnchor(): void {
    const { root } = this.#options;
    this.#anchor?.watcher.close();
    this.#anchor = null;
    let name = root;
    let dir = dirname(name);
    while (dir !== dirname(dir) && !isDirectory(dir)) {
      name = dir;
      dir = dirname(dir);
    }
    const watcher = this.#watch(dir, (type, child) => {
      if (child === basename(name) || (type === 'rename' && child === basename(dir)))
        this.#gather(root, type);
    });
    if (watcher) this.#anchor = { dir, watcher };
  }

  #watch(dir: string, onEvent: (type: ChangeType, name: string) => void): FSWatcher | null {
    try {
      const watcher = watch(dir, (type, name) => {
        if (name !== null && !this.#closed) onEvent(type, name);
      });
      // On Linux there is none after the start; elsewhere a directory that is removed may end so.
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch (error) {
      // It was removed while we came to it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#options.onProblem(error as NodeJS.ErrnoException);
      return null;
    }
  }

  #gather(path: string, type: ChangeType): void {
    if (this.#closed) return;
    if (this.#pending.get(path) !== 'rename') this.#pending.set(path, type);
    this.#gathering ??= setTimeout(() => {
      this.#gathering = null;
      const pending = [...this.#pending];
      this.#pending.clear();
      for (const [path, type] of pending) void this.#examine(path, type);
    }, GATHER_MS);
  }

  async #examine(path: string, type: ChangeType): Promise<void> {
    const { root, onChange } = this.#options;
    if (path === root) return this.#examineRoot(type);
    const found = await lstat(path).catch(() => null);
    if (this.#closed) return;
    if (!found) {
      if (this.#special.delete(path)) return;
      return onChange(path, this.#leave(path) ? 'directory' : 'file');
    }
    if (found.isFile()) return onChange(path, 'file');
    if (found.isSymbolicLink()) {
      onChange(path, 'file');
      this.#leave(path);
      return this.#follow(path, true);
    }
    if (!found.isDirectory()) return void this.#special.add(path);
    if (type === 'change') return;
    // It came into being, perhaps where another one was.
    this.#leave(path);
    await this.#enter(path, true);
  }

  async #examineRoot(type: ChangeType): Promise<void> {
    const { root, onChange } = this.#options;
    const found: Stats | null = await stat(root).catch(() => null);
    if (this.#closed) return;
    if (found?.isFile()) onChange(root, 'file');
    if (type === 'change') return;
    const wasThere = this.#leave(root);
    this.#dropAnchor();
    if (!found && wasThere) onChange(root, 'directory');
    await this.#enterRoot(true);
  }

  async #enterRoot(tell: boolean): Promise<void> {
    const { root } = this.#options;
    const [link, found] = await Promise.all([lstat(root).catch(() => null), stat(root).catch(() => null)]);
    if (this.#closed || !found) return;
    this.#realRoot = await realpath(root).catch(() => root);
    if (found.isDirectory()) await this.#enter(root, tell);
    else if (link?.isSymbolicLink()) await this.#watchTarget(root, this.#realRoot);
  }

  async #enter(dir: string, tell: boolean): Promise<void> {
    if (this.#closed || this.#dirs.has(dir)) return;
    const watcher = this.#watch(dir, (type, name) => {
      const path = join(dir, name);
      if (!this.#options.isIgnored(path)) this.#gather(path, type);
    });
    if (!watcher) return;
    this.#dirs.set(dir, watcher);
    const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      // It was left, or entered anew, meanwhile.
      if (this.#dirs.get(dir) !== watcher) return;
      const path = join(dir, entry.name);
      if (this.#options.isIgnored(path)) continue;
      if (entry.isDirectory()) await this.#enter(path, tell);
      else if (entry.isSymbolicLink()) await this.#follow(path, tell);
      else if (!entry.isFile()) this.#special.add(path);
      else if (tell) this.#options.onChange(path, 'file');
    }
  }

  /** What a symlink leads to counts as if it were there; what is in the tree anyway, or above it, does not count twice. */
  async #follow(link: string, tell: boolean): Promise<void> {
    const target = await realpath(link).catch(() => null);
    const found = target === null ? null : await stat(target).catch(() => null);
    if (this.#closed || target === null || !found || isWithin(target, this.#realRoot)) return;
    if (found.isFile()) {
      if (tell) this.#options.onChange(link, 'file');
      return this.#watchTarget(link, target);
    }
    if (!found.isDirectory() || isWithin(this.#realRoot, target)) return;
    const around = [...this.#entered.values()].some((other) => isWithin(target, other));
    if (around) return;
    this.#entered.set(link, target);
    await this.#enter(link, tell);
  }

  async #watchTarget(link: string, target: string): Promise<void> {
    const watcher = this.#watch(dirname(target), (type, name) => {
      if (name === basename(target)) this.#gather(link, link === this.#options.root ? 'change' : type);
    });
    this.#targets.get(link)?.close();
    if (watcher) this.#targets.set(link, watcher);
  }

  /** Watches nothing of this path any more. @returns whether it was a directory that was watched */
  #leave(path: string): boolean {
    const was = this.#dirs.has(path);
    for (const known of [this.#dirs, this.#targets]) {
      for (const [other, watcher] of known) {
        if (!isWithin(other, path)) continue;
        watcher.close();
        known.delete(other);
      }
    }
    for (const link of this.#entered.keys()) if (isWithin(link, path)) this.#entered.delete(link);
    for (const other of this.#special) if (isWithin(other, path)) this.#special.delete(other);
    return was;
  }
}

function isWithin(path: string, dir: string): boolean {
  return path === dir || path.startsWith(dir.endsWith('/') ? dir : `${dir}/`);
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
