/** The system's OpenSSH: its agent, ~/.ssh/config and known_hosts are what counts. Nothing is asked, and no host key is ignored. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { type ErrorBody, HoldfastError, isSystemError } from '../../errors.ts';
import { drained } from './drained.ts';
import { remoteCommand } from './remote-words.ts';

/**
 * A host that is off is noticed within a quarter of a minute, a connection that is lost within one. What ~/.ssh/config says of tunnels and of a command of its own is for people, and
 * in the way here.
 */
const options = [
  'BatchMode=yes',
  'ConnectTimeout=15',
  'ServerAliveInterval=15',
  'ServerAliveCountMax=4',
  'ClearAllForwardings=yes',
  'RemoteCommand=none',
];

/** Words of the command that runs `words` on a host. */
export function sshWords(host: string, words: readonly string[]): string[] {
  return ['ssh', '-T', ...options.flatMap((option) => ['-o', option]), '--', host, remoteCommand(words)];
}

export interface SshProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** How it ended, and the last lines of what was said on stderr. Never rejects. */
  readonly ended: Promise<SshEnd>;
  /** Ends the connection; what runs there sees the end of its input. */
  kill(): void;
}

export interface SshEnd {
  /** 255 is ssh itself; null = it was ended by a signal, or could not be run. */
  readonly code: number | null;
  readonly stderr: readonly string[];
  /** There is no such program here. */
  readonly missing: boolean;
}

const MOST_LINES = 40;

export interface SshOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Each line of its stderr. */
  readonly onSaid?: (line: string) => void;
}

export function openSsh(host: string, words: readonly string[], options: SshOptions): SshProcess {
  return startSsh(sshWords(host, words), options);
}

/** @param command words of an ssh command, with the program first */
export function startSsh(
  [file = 'ssh', ...args]: readonly string[],
  { env, onSaid }: SshOptions,
): SshProcess {
  // Ctrl-C is for us: we end the connection when all is told.
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const stderr: string[] = [];
  const say = (line: string) => {
    if (line.trim() === '') return;
    stderr.push(line);
    if (stderr.length > MOST_LINES) stderr.shift();
    onSaid?.(line);
  };
  eachLine(child, say);
  // Who writes to it learns from the end that it is gone.
  child.stdin.on('error', () => {});
  const ended = new Promise<SshEnd>((resolve) => {
    child.once('error', (error) => {
      say(error.message);
      resolve({ code: null, stderr, missing: isSystemError(error) && error.code === 'ENOENT' });
    });
    child.once('close', (code) => resolve({ code, stderr, missing: false }));
  });
  return { stdin: child.stdin, stdout: child.stdout, ended, kill: () => child.kill() };
}

function eachLine(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  say: (line: string) => void,
): void {
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) say(line);
  });
  child.stderr.once('end', () => say(rest));
}

/** Runs a command on a host to its end. @returns what it wrote to stdout */
export async function runOn(
  host: string,
  words: readonly string[],
  options: SshOptions & { readonly input?: AsyncIterable<Uint8Array> | string },
): Promise<string> {
  const process = openSsh(host, words, options);
  const { input = '' } = options;
  const parts: Buffer[] = [];
  process.stdout.on('data', (chunk: Buffer) => parts.push(chunk));
  const sent = sendAll(process.stdin, typeof input === 'string' ? [Buffer.from(input)] : input);
  const end = await process.ended;
  await sent;
  if (end.code !== 0) throw sshFailed(host, words[0] ?? '', end);
  return Buffer.concat(parts).toString('utf8');
}

async function sendAll(
  to: Writable,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of chunks) {
    if (to.destroyed) return;
    if (!to.write(chunk)) await drained(to);
  }
  to.end();
}

/** What a command that did not end well, or a connection that did not come about, means for people. */
export function sshFailed(host: string, program: string, { code, stderr, missing }: SshEnd): HoldfastError {
  const text = stderr.join('\n');
  const failed = (message: string, hint?: string) =>
    new HoldfastError('HOST_FAILED', `${host}: ${message}`, {
      details: stderr,
      ...(hint !== undefined && { hint }),
    });
  if (missing) {
    return new HoldfastError('PROGRAM_MISSING', 'Cannot run "ssh": it is not installed', {
      hint: 'Install OpenSSH; Debian has it in the package "openssh-client"',
    });
  }
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/i.test(text)) {
    return failed(
      'its host key is not the one that is known, or none is known',
      `If it is right, \`ssh ${host}\` once, and answer its question; a key that has changed may be somebody in between`,
    );
  }
  if (/Permission denied/i.test(text) && code === 255) {
    return failed(
      'it does not let us in',
      `\`ssh ${host}\` must work without a question: is your key in ~/.ssh/authorized_keys there, and in your agent here?`,
    );
  }
  if (code === 127) {
    return failed(
      `there is no "${program}"`,
      `\`hold host prepare ${host}\` puts it there; or name it in \`command\` of this target`,
    );
  }
  const body = stderr.map(errorBody).find((one) => one !== null);
  if (body) {
    const told = HoldfastError.fromBody(body);
    return new HoldfastError(told.code, `${host}: ${told.message}`, told);
  }
  const last = stderr.at(-1) ?? '';
  if (code === 255) return failed(`ssh cannot reach it, or was cut off: ${last.trim() || 'it said nothing'}`);
  if (code === null) return failed('the connection was ended');
  // What our own commands have failed with comes first, and a hint after it.
  const said = stderr.find((line) => line.startsWith('hold: '))?.slice('hold: '.length) ?? last.trim();
  return failed(`"${program}" ended with code ${code}${said === '' ? '' : `: ${said}`}`, '');
}

/** An error as a command of ours says it with `--json`. */
function errorBody(line: string): ErrorBody | null {
  try {
    const body = line.startsWith('{"code":') ? (JSON.parse(line) as Partial<ErrorBody>) : null;
    return typeof body?.message === 'string' ? (body as ErrorBody) : null;
  } catch {
    return null;
  }
}
