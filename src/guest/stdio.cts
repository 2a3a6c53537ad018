/**
 * Makes stdout and stderr blocking when they are pipes. Node writes to a full pipe asynchronously, and
 * `process.exit` or a throw drops what is still queued: the last words of a crashing app are what people need most.
 */
import type * as Fs from 'node:fs';

const fs: typeof Fs = require('node:fs');

interface PipeStream {
  readonly _handle?: { setBlocking?: (on: boolean) => number } | null;
}

function blockOutput(): void {
  // The getters of process.stdout and process.stderr make the stream; a file or terminal needs none of this.
  if (isPipe(1)) block(process.stdout as PipeStream);
  if (isPipe(2)) block(process.stderr as PipeStream);
}

function isPipe(fd: number): boolean {
  try {
    // With numbers instead of bigints, up to Node 22 the result would stay where `realpathSync` looks later: it takes every path for a pipe
    // then, and packages that are links (pnpm, workspaces) are not found.
    const stats = fs.fstatSync(fd, { bigint: true });
    return stats.isFIFO() || stats.isSocket();
  } catch {
    return false; // closed
  }
}

function block(stream: PipeStream): void {
  stream._handle?.setBlocking?.(true);
}

const exported = { blockOutput };
export type StdioModule = typeof exported;
module.exports = exported;
