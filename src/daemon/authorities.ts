/**
 * Certificates that servers behind the edge are signed by, from files that routes name. Looked at whenever the table is made; read
 * when a file is another one. What cannot be read any more stays as it was: an app must not go for a file that is being replaced.
 */
import { readFileSync, statSync } from 'node:fs';

interface Known {
  readonly signature: string;
  readonly pem: string;
}

export class Authorities {
  readonly #known = new Map<string, Known>();

  /** null: it has never been readable. */
  get(file: string): string | null {
    const known = this.#known.get(file);
    try {
      const { ino, size, mtimeMs } = statSync(file);
      const signature = `${ino} ${size} ${mtimeMs}`;
      if (known?.signature === signature) return known.pem;
      const pem = readFileSync(file, 'utf8');
      this.#known.set(file, { signature, pem });
      return pem;
    } catch {
      return known?.pem ?? null;
    }
  }
}
