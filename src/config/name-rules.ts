/** What names that people choose may look like: apps and environment variables. Apart from the schema's kinds of names, which take longer to load. */
import { show } from './show.ts';

export const longestAppName = 60;

/** Why this cannot be the name of an app, or undefined when it can. */
export function appNameProblem(name: string): string | undefined {
  if (name === 'all') return '"all" stands for every app in commands: choose another name';
  // A record is asked for names that it does not have; these would be found on its prototype.
  if (name in {}) return `${show(name)} is reserved: choose another name`;
  if (name.length > longestAppName)
    return `a name has at most ${longestAppName} characters: got ${name.length}`;
  if (/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) return undefined;
  return `a name consists of letters, digits, "-" and "_" and starts with a letter or digit: got ${show(name)}`;
}

/** Why this cannot be the name of a variable that a config sets, or undefined when it can. */
export function variableNameProblem(name: string): string | undefined {
  if (name.startsWith('HOLDFAST_')) return 'variables that begin with "HOLDFAST_" are set by Holdfast itself';
  if (name === '' || /[=\0\s]/.test(name))
    return `a variable's name has no "=" and no blanks: got ${show(name)}`;
  return undefined;
}
