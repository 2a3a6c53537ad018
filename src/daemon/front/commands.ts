/** Runs the programs that look at configurations, and that put them into force. */
import { spawn } from 'node:child_process';
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
/** They may come after its end. */
const LAST_WORDS_MS = 500;
const MOST_CHARS = 20_000;

/** @throws HoldfastError PROGRAM_MISSING; EXPORT_REFUSED when it does not end within `timeoutMs` */
export function runCommand(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  clock: Clock,
  timeoutMs: number,
): Promise<Ran> {
  const PATH = [process.env.PATH ?? '/usr/bin:/bin', ...SYSTEM_PATHS].join(':');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH, LC_ALL: 'C', ...env },
      detached: true,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-MOST_CHARS);
      });
    }
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
    let code: number | null = null;
    const end = () => resolve({ code, said: said.trim() });
    child.once('exit', (with_) => {
      cancel();
      code = with_;
      // What it left behind may hold the pipes open for ever.
      const cancelEnd = clock.after(LAST_WORDS_MS, end);
      child.once('close', () => {
        cancelEnd();
        end();
      });
    });
  });
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
