/**
 * The system's git, run so that it does the same everywhere: words instead of a shell, no hooks, no questions, no helpers, nothing of
 * the environment that a hook or a user has set for another repository.
 *
 * As root, git runs as the owner of the repository: its configuration can name programs, and they are that user's, not root's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { HoldfastError, isSystemError } from '../../../errors.ts';

export interface GitOptions {
  /** For the error: `Cannot <action>: …`. */
  readonly action: string;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Never to be shown. */
  readonly secret?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

const always = [
  ...['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'gc.auto=0'],
  ...['-c', 'maintenance.auto=false', '-c', 'protocol.ext.allow=never', '-c', 'core.quotePath=false'],
];

/** What git, ssh and TLS need to find their way; names in lower case are those of proxies. */
const passed = [
  ...[
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'TMPDIR',
    'XDG_CONFIG_HOME',
    'SSH_AUTH_SOCK',
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
  ],
  ...[
    'http_proxy',
    'https_proxy',
    'no_proxy',
    'HTTPS_PROXY',
    'NO_PROXY',
    'GIT_SSL_CAINFO',
    'GIT_SSH_COMMAND',
  ],
];

/** For repositories of our own: nothing of anybody's configuration counts. */
export const onlyOurs = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
};

/** What is root's is closed to the owner. */
const strangersEnv = {
  HOME: '/nonexistent',
  XDG_CONFIG_HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

/**
 * @returns what it wrote to stdout
 * @throws HoldfastError SOURCE_INVALID with what git said; PROGRAM_MISSING
 */
export async function git(words: readonly string[], options: GitOptions): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of gitStream(words, options)) parts.push(chunk as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** The same, as it comes. */
export async function* gitStream(
  words: readonly string[],
  options: GitOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const owner = ownerOf(options.cwd);
  const child = spawn('git', [...always, ...words], {
    cwd: options.cwd,
    env: { ...environment(), ...(owner && strangersEnv), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...owner,
    ...(options.signal && { signal: options.signal }),
  });
  const ended = endOf(child);
  // It may fail while its output is still awaited.
  ended.catch(() => {});
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-20_000);
  });
  let whole = false;
  try {
    yield* child.stdout as Readable & AsyncIterable<Uint8Array>;
    whole = true;
  } finally {
    // Only then: git closes its output before it says how it went.
    if (!whole) child.kill();
    await ended.catch(() => {});
  }
  const code = await ended;
  if (code !== 0) throw failed(errors, options);
}

function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    LC_ALL: 'C',
    TZ: 'UTC',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_ALLOW_PROTOCOL: 'https:ssh:file',
    // A question would never be answered.
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
  };
  for (const name of passed) if (process.env[name] !== undefined) env[name] = process.env[name];
  return env;
}

/** Undefined: as whom we are. */
function ownerOf(dir: string): { uid: number; gid: number } | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const { uid, gid } = statSync(dir);
  return uid === 0 ? undefined : { uid, gid };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code;
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT') throw error;
    throw new HoldfastError('PROGRAM_MISSING', 'Cannot run "git": it is not installed', { cause: error });
  }
}

function failed(errors: string, { action, secret = [] }: GitOptions): HoldfastError {
  const shown = secret.reduce((text, word) => (word === '' ? text : text.replaceAll(word, '***')), errors);
  const lines = shown.split('\n').filter((line) => line.trim() !== '');
  const fatal = lines.find((line) => /^(fatal|error): /.test(line)) ?? lines.at(-1) ?? 'git has failed';
  // Then ssh, or the other side, has said more.
  const said = fatal.includes('Could not read from remote')
    ? (lines[lines.indexOf(fatal) - 1] ?? fatal)
    : fatal;
  const why = said.replace(/^(fatal|error): /, '').replace(/[.\s]+$/, '');
  return new HoldfastError('SOURCE_INVALID', `Cannot ${action}: ${why}`, { details: lines });
}
