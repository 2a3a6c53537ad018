/**
 * A page that is walked: what an invisible comment before a block marks is really done, in the order of the page, in a project and a home
 * of its own.
 *
 *   <!-- run -->                     commands end with 0; a configuration is written to the file that its first line names
 *   <!-- run fails -->               the last command ends with 1
 *   <!-- run, first: <command> -->   with something before it that the reader has done already
 *
 * Of a `console` block what is printed must be what the page shows, in the same order, but for numbers, times and paths.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainEnv } from '../support/hold.ts';
import { freePort } from '../support/ports.ts';
import { holdfastBin } from '../support/root.ts';
import type { TestHome } from '../support/test-home.ts';
import { type Block, blocks, type Page } from './pages.ts';

export interface Step {
  readonly file: string;
  readonly line: number;
  readonly fails: boolean;
  /** As typed; or what is written to a file. */
  readonly command: string;
  readonly writes: string | null;
  /** What is shown below it; null: nothing is compared. */
  readonly shown: readonly string[] | null;
}

/** Files that the pages take for granted. */
const project: Readonly<Record<string, string>> = {
  'server.js': `require('node:http').createServer((_, answer) => answer.end('hello')).listen(process.env.PORT || 3000);\n`,
  'report.js': `console.log('all is well');\n`,
  'crash.js': `const config = {};
function connect() { return config.database.host; }
setTimeout(() => connect(), 50);
`,
  'package.json': '{ "name": "shop", "version": "1.0.0", "private": true }\n',
  'package-lock.json':
    '{ "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "packages": { "": { "name": "shop", "version": "1.0.0" } } }\n',
};

/** Ports of the pages that must be free ones here. */
const ports = ['3000', '8080'];

/** What ends only when somebody ends it is not walked: it is parsed like all else. */
const followsForever = /^hold (?:top|.* (?:-f|--watch)\b)/;

export function stepsOf(page: Page): Step[] {
  return blocks(page).flatMap((block) => {
    const [, fails, first] = /^run( fails)?(?:, first: (.*))?$/.exec(block.mark ?? '') ?? [];
    if (block.mark === null || !block.mark.startsWith('run')) return [];
    if (!/^run( fails)?(?:, first: .*)?$/.test(block.mark)) {
      throw new Error(`${block.file}:${block.line - 2}: "${block.mark}" says nothing that a walk knows`);
    }
    const before = first === undefined ? [] : [step(block, -2, first)];
    const own = ownSteps(block);
    const last = own.at(-1);
    return [...before, ...own.slice(0, -1), ...(last ? [{ ...last, fails: fails !== undefined }] : [])];
  });
}

function ownSteps(block: Block): Step[] {
  const lines = block.text.split('\n');
  if (block.language === 'js' || block.language === 'ts') {
    const name = /^\/\/ (\S+)$/.exec(lines[0] ?? '')?.[1];
    if (name === undefined) throw new Error(`${block.file}:${block.line}: its first line must name the file`);
    return [{ ...step(block, 0, block.text), writes: name }];
  }
  if (block.language === 'console') {
    const starts = lines.flatMap((line, index) => (line.startsWith('$ ') ? [index] : []));
    return starts.map((start, index) => ({
      ...step(block, start, (lines[start] ?? '').slice(2)),
      shown: lines.slice(start + 1, starts[index + 1]),
    }));
  }
  return lines.flatMap((line, index) => {
    const isTyped = line.trim() !== '' && !line.startsWith('#') && !followsForever.test(line);
    return isTyped ? [step(block, index, line)] : [];
  });
}

function step({ file, line }: Block, below: number, command: string): Step {
  return { file, line: line + below, command, fails: false, writes: null, shown: null };
}

/** @returns what went wrong, with page and line; null: nothing */
export async function walk(home: TestHome, steps: readonly Step[], name: string): Promise<string | null> {
  const dir = join(home.dir, name);
  const bin = join(home.dir, 'bin');
  for (const path of [dir, bin]) mkdirSync(path, { recursive: true });
  chmodSync(home.dir, 0o711); // root's Holdfast builds releases as another user
  writeFileSync(join(bin, 'hold'), `#!/bin/sh\nexec '${process.execPath}' '${holdfastBin}' "$@"\n`, {
    mode: 0o755,
  });
  for (const [file, text] of Object.entries(project)) writeFileSync(join(dir, file), text);
  const free = new Map<string, string>();
  for (const port of ports) free.set(port, String(await freePort()));
  const here = (text: string): string => {
    return text.replaceAll(/\b(?:3000|8080)\b/g, (port) => free.get(port) ?? port);
  };
  for (const { file, line, command, fails, writes, shown } of steps) {
    if (writes !== null) {
      writeFileSync(join(dir, writes), here(command));
      continue;
    }
    const { code, said } = await run(here(command), dir, {
      ...plainEnv(),
      HOLDFAST_HOME: home.paths.home,
      PATH: `${bin}:${process.env.PATH}`,
      GIT_CONFIG_GLOBAL: '/dev/null',
      ...author('AUTHOR'),
      ...author('COMMITTER'),
    });
    const place = `${file}:${line}: ${command}`;
    if ((code === 0) === fails) return `${place}\n  ended with ${code}\n${said}`;
    const missing = shown && missingLine(shown, said.split('\n'));
    if (missing) return `${place}\n  does not print "${missing}"\n${said}`;
  }
  return null;
}

/** For commits on a machine where nobody has told git who they are. */
function author(role: string): Record<string, string> {
  return { [`GIT_${role}_NAME`]: 'Ann', [`GIT_${role}_EMAIL`]: 'ann@example.com' };
}

/** The first line that is shown and was not said, where the lines before it were. */
export function missingLine(shown: readonly string[], said: readonly string[]): string | null {
  const rest = said.map(shapeOf);
  for (const line of shown) {
    const shape = shapeOf(line);
    if (shape === '' || shape === '…') continue;
    const at = rest.indexOf(shape);
    if (at < 0) return line;
    rest.splice(0, at + 1);
  }
  return null;
}

/** What is the same each time. */
function shapeOf(line: string): string {
  return line
    .replace(/^(\s*now:).*/, '$1')
    .replaceAll(/\((?:just now|[^()]* ago)\)/g, '(ago)')
    .replaceAll(/\/[\w./-]*\//g, '/')
    .replaceAll(/"\/[^"]*"/g, '"/"')
    .replaceAll(/\d[\d.:TZ-]*(?: ?(?:ms|s|m|h)\b)?/g, '0')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

async function run(
  command: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; said: string }> {
  const child = spawn('sh', ['-c', `exec 2>&1; ${command}`], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}
