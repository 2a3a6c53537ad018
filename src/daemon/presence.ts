/**
 * That Holdfast lives, told without anybody having to ask: the daemon and its holder have a FIFO open for writing, each as long as it
 * lives. Whoever reads from it, such as the script that an init system keeps (src/boot), gets lines that say what happens, and
 * its end when the last of them is gone.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import type { PresenceWord } from '../protocol/boot.ts';

export class Presence {
  /** To be inherited by the holder; null when there can be none (a full disk), which only an init system misses. */
  readonly fd: number | null;

  constructor(path: string) {
    this.fd = openForWriting(path);
  }

  /** A line with a word, and text for people after it. Nobody may be there to read it. */
  say(word: PresenceWord, text = ''): void {
    if (this.fd !== null) write(this.fd, word, text);
  }
}

/** For a process that does not stay. */
export function sayOnce(path: string, word: PresenceWord): void {
  try {
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    write(fd, word, '');
    closeSync(fd);
  } catch {
    // Nobody reads (ENXIO), or there is no FIFO.
  }
}

function write(fd: number, word: PresenceWord, text: string): void {
  try {
    writeSync(fd, `${word} ${text.replaceAll('\n', ' ')}`.trimEnd().concat('\n'));
  } catch {
    // Nobody reads (EPIPE), or somebody who has stopped to (EAGAIN).
  }
}

function openForWriting(path: string): number | null {
  try {
    // Node has no mkfifo, so the program of that name does it, once for each home.
    if (!existsSync(path)) spawnSync('mkfifo', ['-m', '600', '--', path]);
    // Opening for writing alone is refused as long as nobody reads, fifo(7).
    const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    closeSync(both);
    return fd;
  } catch {
    return null;
  }
}
