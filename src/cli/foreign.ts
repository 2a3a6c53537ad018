/** `hold forever …` and `hold pm2 …`: what follows is the command line of another tool, down to its exit codes. */

const foreignTools = ['forever', 'pm2'];

/** Puts `--` behind the name of such a tool, so that none of its words is taken for an option of ours. */
export function sealForeignWords(argv: readonly string[]): readonly string[] {
  let at = 0;
  while (argv[at]?.startsWith('-')) at += argv[at] === '--home' ? 2 : 1;
  if (!foreignTools.includes(argv[at] ?? '')) return argv;
  return [...argv.slice(0, at + 1), '--', ...argv.slice(at + 1)];
}

/** Thrown by a command that has said all there is to say: only the exit code that scripts know it by is left. */
export class ForeignExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}
