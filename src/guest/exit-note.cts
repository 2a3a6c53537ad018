/** Leaves a note of the exit code, for a daemon that is not the parent of this process and could not learn it otherwise. */
import type * as Fs from 'node:fs';

function noteExit(path: string): void {
  process.on('exit', (code) => {
    try {
      const fs: typeof Fs = require('node:fs');
      fs.writeFileSync(path, String(process.exitCode ?? code), { mode: 0o600 });
    } catch {
      // A full disk, or no permission: then the end is one that nobody saw.
    }
  });
}

const exported = { noteExit };
export type ExitNoteModule = typeof exported;
module.exports = exported;
