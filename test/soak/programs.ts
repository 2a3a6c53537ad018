/**
 * The apps of a soak: they number their lines, and note in a file of their own how many they have written, so that every line
 * that is missing in the log is found.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HoldfastConfig } from '../../src/config/config-types.ts';
import { freePort } from '../support/ports.ts';

export interface SoakApp {
  readonly name: string;
  readonly instances: number;
}

/** Small, and without a guest. */
const SHELL = `n=0
run="$HOLDFAST_INSTANCE#$HOLDFAST_SERIAL-$$"
while :; do
  for _ in 1 2 3 4 5; do n=$((n + 1)); echo "$run $n"; done
  echo $n > "$NOTES/$HOLDFAST_APP.$run"
  sleep 1
done
`;

/** A server whose port is held. */
const SERVER = `const { writeFileSync } = require('node:fs');
const { HOLDFAST_APP: app, HOLDFAST_INSTANCE: slot, HOLDFAST_SERIAL: serial, NOTES, PORT } = process.env;
const run = \`\${slot}#\${serial}-\${process.pid}\`;
let n = 0;
setInterval(() => {
  for (let i = 0; i < 5; i++) console.log(\`\${run} \${++n}\`);
  writeFileSync(\`\${NOTES}/\${app}.\${run}\`, String(n));
}, 500);
require('node:http').createServer((_, response) => response.end(app)).listen(PORT);
`;

/** Every third app is a server, the others are shell scripts. */
export async function soakConfig(
  dir: string,
  apps: readonly SoakApp[],
): Promise<{ config: HoldfastConfig; notes: string }> {
  const notes = join(dir, 'notes');
  mkdirSync(notes);
  writeFileSync(join(dir, 'ticker.sh'), SHELL);
  writeFileSync(join(dir, 'server.js'), SERVER);
  const common = {
    env: { NOTES: notes },
    // They are killed often, and that is not their fault.
    restart: { backoff: ['50ms', '500ms'] as [string, string], giveUpAfter: { crashes: 1000, within: '1m' } },
    stop: { timeout: '5s' },
  };
  const entries = await Promise.all(
    apps.map(async ({ name, instances }, index) => {
      const isServer = index % 3 === 0;
      const run = isServer ? { run: 'server.js', port: await freePort() } : { run: 'sh ticker.sh' };
      return [name, { ...run, ...common, instances }] as const;
    }),
  );
  return { config: { apps: Object.fromEntries(entries) }, notes };
}

/** By `<app>.<slot>#<serial>-<pid>`: how many lines it has written, at least. */
export function writtenLines(notes: string): Map<string, number> {
  return new Map(
    readdirSync(notes).map((key) => [key, Number(readFileSync(join(notes, key), 'utf8').trim() || 0)]),
  );
}
