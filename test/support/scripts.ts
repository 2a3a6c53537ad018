/** Programs that a test writes for itself, to break, mend or remove them while they run. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestHome } from './test-home.ts';

/** Writes a file into the scratch directory of the home, at once and whole, and returns its path. */
export function script(home: TestHome, name: string, text: string, mode = 0o644): string {
  const path = join(home.dir, name);
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
  return path;
}

/** A server on PORT that says its version. */
export function versioned(version: string): string {
  return `console.log('this is version ${version}');
require('node:http')
  .createServer((req, res) => res.end(\`version ${version} pid \${process.pid} \${req.url}\`))
  .listen(process.env.PORT);
`;
}
