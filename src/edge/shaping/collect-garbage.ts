/** Collects garbage now: Node only has that with a flag, which can be set while it runs. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' }) => void;

/** V8 frees the bytes of buffers in the background, and takes note of it when it collects the next time. */
const NOTE_MS = 500;

let collect: Collect | undefined;

export function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('globalThis.gc') as Collect | undefined;
    setFlagsFromString('--no-expose-gc');
  }
  collect?.();
  setTimeout(() => collect?.({ type: 'minor' }), NOTE_MS).unref();
}
