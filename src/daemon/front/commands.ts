/** Runs the programs that look at configurations, and that put them into force. */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError, isSystemError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';

export interface Ran {
  /** null: it was ended by a signal. */
  readonly code: number | null;
  /** stdout and stderr, as they came. */
  readonly said: string;
}

/** System programs are not in everybody's PATH. */
const SYSTEM_PATHS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
const MOST_BYTES = 20_000;

/** @throws HoldfastError PROGRAM_MISSING when there is no such program; EXPORT_REFUSED when it does not end within `timeoutMs` */
export function runCommand(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  clock: Clock,
  timeoutMs: number,
): Promise<Ran> {
  const PATH = [process.env.PATH ?? '/usr/bin:/bin', ...SYSTEM_PATHS].join(':');
  const output = openOutput();
  return new Promise<Ran>((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: '/',
      stdio: ['ignore', output, output],
      env: { ...process.env, PATH, LC_ALL: 'C', ...env },
      detached: true,
    });
    const cancel = clock.after(timeoutMs, () => {
      // With what it has started.
      if (child.pid !== undefined) endGroup(child.pid);
      const line = [program, ...args].join(' ');
      reject(new HoldfastError('EXPORT_REFUSED', `\`${line}\` did not end within ${timeoutMs / 1000} s`));
    });
    child.once('error', (error) => {
      cancel();
      const missing = isSystemError(error) && error.code === 'ENOENT';
      const text = `Cannot run "${program}": there is no such program on this machine`;
      reject(missing ? new HoldfastError('PROGRAM_MISSING', text) : error);
    });
    child.once('exit', (code) => {
      cancel();
      resolve({ code, said: textIn(output).trim() });
    });
  }).finally(() => closeSync(output));
}

/** A file without a name: a server that logs to /dev/stdout opens it, which it cannot do with the sockets that Node gives. */
function openOutput(): number {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-'));
  try {
    return openSync(join(dir, 'output'), 'w+', 0o600);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function textIn(fd: number): string {
  const bytes = Buffer.alloc(MOST_BYTES);
  return bytes.toString('utf8', 0, readSync(fd, bytes, 0, MOST_BYTES, 0));
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

/** What looked at a configuration does not take it. The first line that tells of an error is the one for the message. */
export function refusal(what: string, said: string, how = 'It said'): HoldfastError {
  // Caddy tells what it does meanwhile as JSON.
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('{"level":"info"'));
  const first = lines.find((line) => /\b(?:emerg|alert|error|fatal|crit)|syntax/i.test(line)) ?? lines[0];
  const details = lines.length > 1 ? [`${how}:`, ...lines] : [];
  return new HoldfastError('EXPORT_REFUSED', `${what}: ${first ?? 'it does not say why'}`, { details });
}
