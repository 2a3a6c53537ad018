import { spawn } from 'node:child_process';
import { HoldfastError } from '../../errors.ts';

export interface Ran {
  readonly code: number;
  /** stdout and stderr, as they came. */
  readonly output: string;
}

/** System programs are not in everybody's PATH. */
const SYSTEM_PATHS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Runs a program to its end. PROGRAM_MISSING when there is none. */
export function runProgram([program, ...args]: readonly [program: string, ...args: string[]]): Promise<Ran> {
  const PATH = [process.env.PATH ?? '/usr/bin:/bin', ...SYSTEM_PATHS].join(':');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH, LC_ALL: 'C' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'ENOENT'
          ? new HoldfastError(
              'PROGRAM_MISSING',
              `Cannot run "${program}": there is no such program on this machine`,
            )
          : error,
      );
    });
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
