/** Names that people choose, as kinds of values: apps and environment variables. */
import { kind, Refusal } from './kinds.ts';
import { appNameProblem, longestAppName, variableNameProblem } from './name-rules.ts';

export const appName = kind<string>({
  title: 'app name',
  expected: 'the name of an app',
  json: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$', maxLength: longestAppName },
  read(input) {
    const problem = appNameProblem(String(input));
    return problem === undefined ? String(input) : new Refusal(`is not a usable name: ${problem}`);
  },
});

/** A name for several apps; it stands beside the names of apps in commands. */
export const groupName = kind<string>({
  title: 'name',
  expected: 'a name of letters, digits, "-" and "_"',
  json: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$', maxLength: longestAppName },
  read(input) {
    const problem = typeof input === 'string' ? appNameProblem(input) : undefined;
    if (problem !== undefined) return new Refusal(`is not a usable name: ${problem}`);
    return typeof input === 'string' ? input : undefined;
  },
});

export const variableName = kind<string>({
  title: 'variable name',
  expected: 'the name of an environment variable',
  json: { type: 'string', minLength: 1, pattern: '^(?!HOLDFAST_)[^=\\s]+$' },
  read(input) {
    const problem = typeof input === 'string' ? variableNameProblem(input) : undefined;
    if (problem !== undefined) return new Refusal(`is not a usable name: ${problem}`);
    return typeof input === 'string' ? input : undefined;
  },
});

export const variableValue = kind<string | number | boolean, string>({
  title: 'text, number, true or false',
  expected: 'a text, a number, true or false',
  json: { type: ['string', 'number', 'boolean'] },
  read(input) {
    if (typeof input === 'number' && !Number.isFinite(input)) return undefined;
    if (typeof input === 'number' || typeof input === 'boolean') return String(input);
    if (typeof input === 'string' && input.includes('\0')) {
      return new Refusal('holds a NUL character, which no environment variable can');
    }
    if (input === undefined) return new Refusal('is undefined: give it a value, or leave it out');
    return typeof input === 'string' ? input : undefined;
  },
});
