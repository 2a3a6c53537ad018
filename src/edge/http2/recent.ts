/** How the streams ended that ended last: frames for them may still be on their way. */
const KEPT_MAX = 300;

/** `ours`: we have reset it, and the client may not know that yet. `over`: both know. */
export type Ending = 'ours' | 'over';

export class Recent {
  readonly #endings = new Map<number, Ending>();

  add(stream: number, ending: Ending): void {
    this.#endings.set(stream, ending);
    if (this.#endings.size <= KEPT_MAX) return;
    for (const oldest of this.#endings.keys()) {
      this.#endings.delete(oldest);
      return;
    }
  }

  of(stream: number): Ending | undefined {
    return this.#endings.get(stream);
  }
}
