/**
 * The guest works inside somebody else's program: whatever goes wrong in it must not become that program's
 * exception. There is nobody to tell, either: stdout and stderr are the app's.
 */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // Without this part of the guest the app runs as under plain Node.
  }
}

/** `work` as a callback that never throws. */
function quiet<A extends readonly unknown[]>(work: (...args: A) => void): (...args: A) => void {
  return (...args) => quietly(() => work(...args));
}

const exported = { quietly, quiet };
export type QuietlyModule = typeof exported;
module.exports = exported;
