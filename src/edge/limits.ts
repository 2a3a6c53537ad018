/** Connections per client address. */
export class ConnectionCounts {
  readonly #counts = new Map<string, number>();

  /** Counts one more, unless the address has `most` already. */
  admit(ip: string, most: number): boolean {
    const count = this.#counts.get(ip) ?? 0;
    if (count >= most) return false;
    this.#counts.set(ip, count + 1);
    return true;
  }

  leave(ip: string): void {
    const count = (this.#counts.get(ip) ?? 0) - 1;
    if (count > 0) this.#counts.set(ip, count);
    else this.#counts.delete(ip);
  }
}
