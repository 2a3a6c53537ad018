/** How a process ended, as facts and in words. */
import { constants } from 'node:os';

/** Both null when nobody of us was there to see it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A daemon that found it gone cannot learn how it went. */
export const unknownExit: Exit = { code: null, signal: null };

/** Plainly a failure; an end that nobody saw is not known to be one. */
export function isFailure({ code, signal }: Exit): boolean {
  return signal !== null || (code !== null && code !== 0);
}

/** What these say is not in their names. */
const signalWords: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: 'aborted',
  SIGBUS: 'crashed',
  SIGFPE: 'crashed',
  SIGILL: 'crashed',
  SIGSEGV: 'crashed',
  SIGSYS: 'a system call that is not allowed',
  SIGXCPU: 'CPU time limit',
  SIGXFSZ: 'file size limit',
};

/** For people, such as `exited with code 3` or `killed by SIGSEGV (crashed)`. */
export function describeExit({ code, signal }: Exit): string {
  if (signal) {
    const words = signalWords[signal];
    return `killed by ${signal}${words ? ` (${words})` : ''}`;
  }
  if (code === null) return 'ended (how is not known: an earlier daemon had started it)';
  const words = codeWords(code);
  return `exited with code ${code}${words ? ` (${words})` : ''}`;
}

/** The codes of sh(1), see "Exit Status" in POSIX. */
function codeWords(code: number): string | null {
  if (code === 126) return 'found, but it may not be executed';
  if (code === 127) return 'command not found';
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128);
  return signal ? `as after ${signal[0]}` : null;
}
