/** Signals that can ask a process to end. */
import { kind, Refusal } from './kinds.ts';
import { show } from './show.ts';
import { didYouMean } from './suggest.ts';

/** Those that mean the same on every Unix; a signal that stops or continues a process cannot ask it to end. */
const names = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGWINCH',
  'SIGABRT',
  'SIGKILL',
] as const satisfies readonly NodeJS.Signals[];

export const signal = kind<(typeof names)[number]>({
  title: 'signal',
  expected: 'a signal such as "SIGTERM"',
  json: { enum: names },
  read(input) {
    const found = names.find((name) => name === input);
    if (found !== undefined || typeof input !== 'string') return found;
    const hint = didYouMean(input.toUpperCase().replace(/^(SIG)?/, 'SIG'), names);
    const exact = names.find((name) => name === `SIG${input.toUpperCase()}` || name === input.toUpperCase());
    const suggestion = exact === undefined ? hint : `: did you mean ${show(exact)}?`;
    return new Refusal(`must be a signal such as "SIGTERM": got ${show(input)}${suggestion}`);
  },
});
