/**
 * `npm run bench`: compares Holdfast with what this machine has, and writes docs/benchmarks.md.
 *
 *   npm run bench                                 all; about 20 minutes
 *   npm run bench -- --only proxy,logs            some sections; the file is not written, the tables are printed
 *   npm run bench -- --only crash --update        and these sections of the file are written anew
 *   npm run bench -- --rounds 5 --seconds 10
 *
 * `scripts/test-deps --bench` installs the programs that it compares with.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../test/support/root.ts';
import { updatedDocument, wholeDocument } from './kit/document.ts';
import { describeMachine } from './kit/machine.ts';
import { Scratch } from './kit/scratch.ts';
import type { Findings, Section, Settings } from './kit/section.ts';
import { command } from './sections/command.ts';
import { crash } from './sections/crash.ts';
import { deploySection } from './sections/deploy.ts';
import { egress } from './sections/egress.ts';
import { files } from './sections/files.ts';
import { heldPort } from './sections/held-port.ts';
import { hostile } from './sections/hostile.ts';
import { http2 } from './sections/http2.ts';
import { https } from './sections/https.ts';
import { lastWords } from './sections/last-words.ts';
import { logs } from './sections/logs.ts';
import { many } from './sections/many.ts';
import { memory } from './sections/memory.ts';
import { metrics } from './sections/metrics.ts';
import { proxy } from './sections/proxy.ts';
import { websocket } from './sections/websocket.ts';

const sections: readonly Section[] = [
  proxy,
  https,
  http2,
  files,
  heldPort,
  logs,
  lastWords,
  crash,
  memory,
  command,
  many,
  metrics,
  deploySection,
  websocket,
  egress,
  hostile,
];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: sections.map(({ name }) => name).join(',') },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    update: { type: 'boolean', default: false },
  },
});
const settings: Settings = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  say: (text) => console.error(`  ${text}`),
};
const wanted = sections.filter(({ name }) => values.only.split(',').includes(name));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => Scratch.closeAll().finally(() => process.exit(1)));
}
installContenders();
const machine = describeMachine('npm run bench');
const found: { section: Section; findings: Findings }[] = [];
for (const section of wanted) {
  console.error(section.title);
  const findings = await section.run(settings);
  found.push({ section, findings });
  console.log(`\n${findings.text}\n`);
}
const measured = found.map(({ section: { title, about }, findings }) => ({ title, about, ...findings }));
const file = join(root, 'docs', 'benchmarks.md');
if (wanted.length === sections.length) write(wholeDocument(machine, measured));
else if (values.update) {
  const titles = sections.map(({ title }) => title);
  write(updatedDocument(readFileSync(file, 'utf8'), measured, titles));
}

function write(text: string): void {
  writeFileSync(file, text);
  console.error(`Written: ${file}`);
}

/** PM2, forever and http-proxy are installed beside the benchmarks and nowhere else. */
function installContenders(): void {
  if (existsSync(join(root, 'bench', 'node_modules', 'pm2'))) return;
  console.error('Installing what Holdfast is compared with into bench/node_modules');
  const flags = ['--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...flags], {
    cwd: join(root, 'bench'),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
