/** `config`, `set`, `clear`, `columns` and `cleanlogs`: what lies in forever's root. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { foreverProcesses } from './process.ts';
import { resetColumns } from './root.ts';
import type { Session } from './session.ts';
import { foreverColumns } from './table.ts';

const reserved = ['root', 'pidPath'];

export function config({ voice, root }: Session): void {
  const { dim } = voice.style;
  const entries = Object.entries(root.config).map(([key, value]) => {
    if (!Array.isArray(value)) return [`  ${dim(key)}: ${quoted(value)}`];
    const items = value.map((item) => [`      ${quoted(item)}`]);
    return [`  ${dim(key)}: [`, ...withCommas(items), '  ]'];
  });
  for (const line of ['{', ...withCommas(entries), '}']) voice.data(line);
}

/** Blocks of lines one below the other, each but the last with a comma at its end. */
function withCommas(blocks: readonly (readonly string[])[]): string[] {
  return blocks
    .map((lines) => lines.join('\n'))
    .join(',\n')
    .split('\n');
}

/** false when a word is missing. */
export function set(session: Session): boolean {
  const { voice, root, command } = session;
  const [key, ...words] = command.words;
  if (key === undefined || words.length === 0) return false;
  voice.info(`Setting forever config: ${voice.style.dim(key)}`);
  root.set(key, words.join(' '));
  saved(session);
  return true;
}

/** false when a word is missing. */
export function clear(session: Session): boolean {
  const { voice, root, command } = session;
  const [key] = command.words;
  if (key === undefined) return false;
  if (reserved.includes(key)) {
    voice.warn(`Cannot clear reserved config: ${voice.style.dim(key)}`);
    voice.warn(`Use \`forever set ${key}\` instead`);
    return true;
  }
  voice.info(`Clearing forever config: ${voice.style.dim(key)}`);
  root.set(key, undefined);
  saved(session);
  return true;
}

/** false when it is no way of changing columns. */
export function columns({ voice, root, command }: Session): boolean {
  const [verb, ...words] = command.words;
  const [name = ''] = words;
  const { columns: current } = root;
  const { magenta } = voice.style;
  if (verb === 'reset') {
    voice.info(`Setting columns: ${magenta(resetColumns.join(' '))}`);
    root.set('columns', resetColumns);
    return true;
  }
  if (words.length === 0) return false;
  if (verb === 'set') {
    const chosen = words
      .join(' ')
      .split(/\s+/)
      .filter((each) => each !== '');
    voice.info(`Setting columns: ${magenta(chosen.join(' '))}`);
    root.set('columns', chosen);
    return true;
  }
  if (verb !== 'add' && verb !== 'rm') return false;
  if (!Object.hasOwn(foreverColumns, name)) {
    voice.error(`Unknown column: ${magenta(name)}`);
  } else if (verb === 'add' && current.includes(name)) {
    voice.warn(`${magenta(name)} already exists in forever`);
  } else if (verb === 'rm' && !current.includes(name)) {
    voice.warn(`${magenta(name)} doesn't exist in forever`);
  } else {
    voice.info(`${verb === 'add' ? 'Adding' : 'Removing'} column: ${magenta(name)}`);
    root.set('columns', verb === 'add' ? [...current, name] : current.filter((each) => each !== name));
  }
  return true;
}

/** Removes the log files in the root that belong to no process. */
export async function cleanLogs({ context, root }: Session): Promise<void> {
  const client = await context.look();
  const used = client ? (await foreverProcesses(client, root.dir)).map(({ logFile }) => logFile) : [];
  for (const name of namesIn(root.dir)) {
    const path = join(root.dir, name);
    if (name.endsWith('.log') && !used.includes(path)) rmSync(path, { force: true });
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function saved(session: Session): void {
  config(session);
  session.voice.info(`Forever config saved: ${session.voice.style.yellow(session.root.file)}`);
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}
