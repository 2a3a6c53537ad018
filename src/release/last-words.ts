/** Of what a failed program has said: the lines that say why, for people. All of it is in the log of the step. Pure. */

/** As many as fit on a screen with the rest. */
const MOST = 15;

/** npm sets its own words before each line: `npm error`, before version 10 `npm ERR!`. */
const NPM = /^npm (?:error|ERR!) ?/;

/** Of Node itself and of package managers: where they stood says nothing about the project. */
const FOREIGN_FRAME =
  /^\s*at (?:.*[( ])?(?:node:|.*\/node_modules\/(?:npm|corepack)\/|.*\/(?:npm|pnpm|yarn)@[^/]+\/package\/)/;

const NOISE = [
  /^A complete log of this run can be found in/,
  /^info Visit https:\/\/yarnpkg\.com/,
  // What is left of the object that npm prints with an error.
  /^ {2}(?:code|errno|syscall|address|port|type|hostname): .*$/,
  /^[{}]?$/,
];

/** @param lines as they came, those of npm with its words before them */
export function lastWords(lines: readonly string[]): string[] {
  return lines.filter((line) => !isNoise(line)).slice(-MOST);
}

function isNoise(line: string): boolean {
  const bare = line.replace(NPM, '');
  if (FOREIGN_FRAME.test(bare)) return true;
  return NOISE.some((one) => one.test(bare)) && (bare !== line || bare.startsWith('info '));
}
