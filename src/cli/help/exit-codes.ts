/** What the exit code of `hold` says: for help, the reference and the manual. */
export const exitCodes: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'failed',
  2: 'wrong usage',
  130: 'interrupted',
};

/** What does not keep to it. */
export const otherExitCodes =
  '`hold run` ends with the code of its program, `hold pm2` and `hold forever` with those of PM2 and forever.';

/** `0 done, 1 failed ...` */
export function exitCodeWords(): string {
  return Object.entries(exitCodes)
    .map(([code, words]) => `${code} ${words}`)
    .join(', ');
}
