/** What an output can show: colours, a screen, lines that pass. The only place that knows the variables for it. */

type Paint = (text: string) => string;

export interface Style {
  readonly colour: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly inverse: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
  readonly magenta: Paint;
  readonly cyan: Paint;
}

/**
 * Colours belong on a terminal that wants them: see no-color.org and force-color.org. As in Node, FORCE_COLOR counts more than
 * NO_COLOR; it gives colours to a pipe, too, and 0 or false in it are none.
 */
export function wantsColour(isTTY: boolean, env: NodeJS.ProcessEnv): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: none } = env;
  if (forced) return forced !== '0' && forced !== 'false';
  return isTTY && !none && env.TERM !== 'dumb';
}

/** The environment after `--no-color`, which counts more than anything in it. */
export function withoutColour(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, NO_COLOR: '1', FORCE_COLOR: '' };
}

/** A terminal on which one can write anywhere; `dumb` is one that has only lines, see terminfo(5). */
export function hasScreen(isTTY: boolean, env: NodeJS.ProcessEnv): boolean {
  return isTTY && env.TERM !== 'dumb';
}

/** A line may take the place of the one before. The terminal of a CI is a file that somebody reads later. */
export function takesPassingLines(isTTY: boolean, env: NodeJS.ProcessEnv): boolean {
  return hasScreen(isTTY, env) && !(env.CI && env.CI !== 'false');
}

/** ECMA-48 SGR sequences, or plain text. */
export function makeStyle(colour: boolean): Style {
  const sgr = (on: number, off: number): Paint =>
    colour ? (text) => (text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`) : (text) => text;
  return {
    colour,
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    inverse: sgr(7, 27),
    red: sgr(31, 39),
    green: sgr(32, 39),
    yellow: sgr(33, 39),
    blue: sgr(34, 39),
    magenta: sgr(35, 39),
    cyan: sgr(36, 39),
  };
}
