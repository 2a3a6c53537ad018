import type { Writable } from 'node:stream';

/** Until a stream that had enough takes more, or will never do so again. */
export function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
    if (stream.destroyed || !stream.writableNeedDrain) done();
  });
}
