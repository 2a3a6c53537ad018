/** Lines for a descriptor, in batches, without ever waiting for whoever reads them. */
import { constants, fstatSync, openSync, write } from 'node:fs';

const NEWLINE = 10;
const FLUSH_MS = 200;
/** What may wait for a reader that does not read. */
const WAITING_MAX = 4 * 1024 * 1024;

export class Output {
  readonly #fd: number;
  readonly #onLost: ((lines: number) => void) | undefined;
  #waiting = '';
  #writing: Buffer | undefined;
  #lost = 0;
  /** What stands last there is the beginning of a line. */
  #isHalf = false;
  #timer: NodeJS.Timeout | undefined;

  /** `onLost`: says that so many lines were dropped here because nobody read them in time; without it a line says so. */
  constructor(fd: number, onLost?: (lines: number) => void) {
    this.#fd = withoutWaiting(fd);
    this.#onLost = onLost;
  }

  add(line: string): void {
    if (this.#waiting.length > WAITING_MAX) {
      this.#lost++;
      return;
    }
    this.#waiting += line;
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** Nothing waits any more; false when the time is up before. */
  async flushed(timeoutMs: number): Promise<boolean> {
    const end = Date.now() + timeoutMs;
    while (this.#waiting !== '' || this.#writing) {
      if (Date.now() > end) return false;
      this.#flush();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return true;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing || this.#waiting === '') return;
    const end = this.#isHalf ? '\n' : '';
    this.#writing = Buffer.from(end + this.#waiting + this.#sayLost(), 'latin1');
    this.#waiting = '';
    this.#write();
  }

  #sayLost(): string {
    const lost = this.#lost;
    if (lost === 0) return '';
    this.#lost = 0;
    if (!this.#onLost) return `${lost} lines are missing here: nobody read them in time\n`;
    this.#onLost(lost);
    return '';
  }

  #write(): void {
    const bytes = this.#writing as Buffer;
    write(this.#fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error?.code === 'EAGAIN') return void setTimeout(() => this.#write(), FLUSH_MS);
      const left = error ? bytes : bytes.subarray(written);
      if (!error && written > 0) this.#isHalf = bytes[written - 1] !== NEWLINE;
      if (error) this.#lost += linesIn(left);
      this.#writing = error || left.length === 0 ? undefined : left;
      if (this.#writing) this.#write();
      else if (this.#waiting !== '') this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
    });
  }
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

/**
 * A FIFO opened once more, so that a write to it says EAGAIN when it is full. A write that waits, be it on a thread of
 * its own, would keep even `process.exit` waiting.
 */
function withoutWaiting(fd: number): number {
  if (!fstatSync(fd).isFIFO()) return fd;
  try {
    return openSync(`/dev/fd/${fd}`, constants.O_RDWR | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}
