/** `hold import procfile Procfile`: the process types of a Procfile (foreman, Heroku, Overmind) as apps. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { AppConfig } from '../config-types.ts';
import { splitWords } from '../shell-words.ts';
import { show } from '../show.ts';
import {
  appNameFor,
  type Imported,
  type ImportPlace,
  nearPath,
  readImported,
  runOf,
  withoutEmpty,
} from './imported.ts';

/** foreman counts the ports of process types in such steps, from 5000. */
const firstPort = 5000;
const portStep = 100;

/** @throws HoldfastError IMPORT_INVALID, CONFIG_NOT_FOUND or CONFIG_UNREADABLE */
export async function importProcfile(file: string, { cwd }: ImportPlace): Promise<Imported> {
  const path = resolve(cwd, file);
  const entries = readEntries(readImported(path, file), file);
  const dir = dirname(path);
  const taken = new Set<string>();
  const named = entries.map((entry) => ({ ...entry, name: appNameFor(entry.type, taken) }));
  const release = named.find(({ type }) => type === 'release');
  const notes = [
    'foreman gives a process all variables of the shell; here `env`, `envFile` and `passEnv` name what it needs',
  ];
  const apps: Record<string, AppConfig> = {};
  named.forEach(({ name, type, line }, index) => {
    const command = commandOf(line);
    const usesPort = type === 'web' || /\$\{?PORT\b/.test(line);
    apps[name] = withoutEmpty({
      run: command.run,
      cwd: dir === cwd ? undefined : nearPath(dir, cwd),
      env: command.env,
      envFile: existsSync(join(dir, '.env')) ? '.env' : undefined,
      port: usesPort ? firstPort + portStep * index : undefined,
      after: release && type !== 'release' ? [release.name] : undefined,
      restart: type === 'release' ? 'never' : undefined,
    });
    if (name !== type) notes.push(`${name} was called "${type}", which no name of an app can be`);
    if (command.why !== undefined)
      notes.push(`${name} runs in a shell, and so without the guest: ${command.why}`);
    if (usesPort)
      notes.push(`${name}: port ${firstPort + portStep * index} is foreman's; Heroku gives one in PORT`);
  });
  if (release)
    notes.push(
      `${release.name} runs once, and the others wait until it has succeeded; \`hold restart ${release.name}\` runs it again`,
    );
  return { config: { apps }, notes };
}

interface Entry {
  readonly type: string;
  readonly line: string;
}

function readEntries(text: string, name: string): Entry[] {
  const entries: Entry[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    if (/^\s*(#|$)/.test(line)) return;
    const [, type, command] = /^([A-Za-z0-9_-]+):\s*(\S.*?)\s*$/.exec(line) ?? [];
    if (type === undefined || command === undefined) {
      throw new HoldfastError(
        'IMPORT_INVALID',
        `${name}: line ${index + 1} must be "name: command": got ${show(line)}`,
      );
    }
    // The last one of a name is the one that counts.
    const earlier = entries.findIndex((entry) => entry.type === type);
    if (earlier >= 0) entries.splice(earlier, 1);
    entries.push({ type, line: command });
  });
  if (entries.length === 0)
    throw new HoldfastError(
      'IMPORT_INVALID',
      `${name} names no process: it must have lines such as "web: node server.js"`,
    );
  return entries;
}

interface ShellCommand {
  readonly run: AppConfig['run'];
  readonly env: Readonly<Record<string, string>>;
  /** Why only a shell can run it. */
  readonly why?: string;
}

/** Without a shell where that is the same, because then Holdfast knows what runs. */
function commandOf(line: string): ShellCommand {
  const read = splitWords(line);
  if ('problem' in read)
    return { run: ['sh', '-c', line], env: {}, why: read.problem.split(':')[0] ?? read.problem };
  if (/[*?[]|(^|[\s=])~/.test(line))
    return { run: ['sh', '-c', line], env: {}, why: 'only a shell fills in patterns' };
  const words = [...read.words];
  const env: Record<string, string> = {};
  for (;;) {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(words[0] ?? '') ?? [];
    if (name === undefined || value === undefined) break;
    env[name] = value;
    words.shift();
  }
  if (words[0] === 'exec') words.shift();
  // In a variable nothing is replaced later.
  if (words.length === 0 || Object.values(env).some((value) => value.includes('$PORT')))
    return { run: ['sh', '-c', line], env: {}, why: 'of the variables before the command' };
  return {
    run: /['"\\]/.test(line) || Object.keys(env).length > 0 ? runOf(words) : line.replace(/^exec\s+/, ''),
    env,
  };
}
