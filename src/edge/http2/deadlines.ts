/** Times at which something must have happened on a connection; 0 = nothing has to. */
export class Deadlines {
  /** The frame or the header block that has begun is whole. */
  head = 0;
  /** Our SETTINGS are acknowledged. */
  settings = 0;
  /** There is another request. */
  idle = 0;
  /** The client has heard that we are leaving. */
  drain = 0;

  /** The next of them. */
  get next(): number {
    let first = 0;
    for (const time of [this.head, this.settings, this.idle, this.drain]) {
      if (time > 0 && (first === 0 || time < first)) first = time;
    }
    return first;
  }

  /** Which one is over. */
  past(now: number): 'head' | 'settings' | 'drain' | 'idle' | undefined {
    for (const name of ['head', 'settings', 'drain', 'idle'] as const) {
      if (this[name] > 0 && this[name] <= now) return name;
    }
    return undefined;
  }
}
