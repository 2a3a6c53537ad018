/**
 * One line a request, in batches. Written by the thread pool: a reader that stops reading must not stop the edge,
 * which a write to a full pipe on the main thread would do.
 */
import { write } from 'node:fs';

export interface AccessEntry {
  readonly ip: string;
  readonly host: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
  /** The target that answered, or why none did. */
  readonly by: string;
}

export const FLUSH_MS = 200;
/** What may wait for a reader that does not read. */
const WAITING_MAX = 4 * 1024 * 1024;

/** `127.0.0.1 example.com GET /a 200 512 3.1ms web.0#3`; what the client wrote is checked ASCII without blanks. */
export function accessLine(entry: AccessEntry): string {
  const { ip, host, method, target, status, bytes, ms, by } = entry;
  return `${ip} ${host || '-'} ${method || '-'} ${target || '-'} ${status} ${bytes} ${ms.toFixed(1)}ms ${by}\n`;
}

export class AccessLog {
  readonly #fd: number;
  #waiting = '';
  #writing: Buffer | undefined;
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(fd: number) {
    this.#fd = fd;
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
    const lost = this.#lost > 0 ? `${this.#lost} requests are not in this log: nobody read it in time\n` : '';
    this.#writing = Buffer.from(this.#waiting + lost, 'latin1');
    this.#waiting = '';
    this.#lost = 0;
    this.#write();
  }

  #write(): void {
    const bytes = this.#writing as Buffer;
    write(this.#fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error?.code === 'EAGAIN') return void setTimeout(() => this.#write(), FLUSH_MS);
      this.#writing = error || written === bytes.length ? undefined : bytes.subarray(written);
      if (this.#writing) this.#write();
      else if (this.#waiting !== '') this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
    });
  }
}
