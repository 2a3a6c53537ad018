/** From what people write as `run` to a program and its arguments, without a shell. */
import { realpathSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { type ErrorCode, HoldfastError } from '../errors.ts';
import { readNodeCommand } from './node-command.ts';
import type { Command } from './plan.ts';
import {
  findInNodeModules,
  findInPath,
  isDirectory,
  isExecutable,
  isFile,
  nearestFile,
  nearestInPath,
  nodeShebang,
  readPackage,
  scriptOf,
  withExtension,
  wrappedScript,
} from './programs.ts';
import { splitWords } from './shell-words.ts';
import { show } from './show.ts';

export interface CommandPlace {
  /** Absolute; paths in the command are relative to it. */
  readonly cwd: string;
  /** Options for node itself, before those that the command names. */
  readonly nodeArgs?: readonly string[];
  /** The PATH in which programs are looked up. */
  readonly path?: string | undefined;
  /** The build has yet to make the scripts, so one that is not there is taken at its word. */
  readonly unbuilt?: boolean | undefined;
}

export interface CommandProblem {
  readonly code: Extract<ErrorCode, 'SCRIPT_NOT_FOUND' | 'CONFIG_INVALID'>;
  readonly problem: string;
}

const scriptExtensions = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']);

/** @throws HoldfastError SCRIPT_NOT_FOUND, or CONFIG_INVALID when a command line needs a shell. */
export function resolveCommand(run: string | readonly string[], place: CommandPlace): Command {
  const found = findCommand(run, place);
  if (!('problem' in found)) return found;
  const what = typeof run === 'string' ? run : run.join(' ');
  const hint = found.code === 'CONFIG_INVALID' ? { hint: 'Correct the command; nothing was started' } : {};
  throw new HoldfastError(found.code, `Cannot run ${show(what)}: ${found.problem}`, hint);
}

export function findCommand(run: string | readonly string[], place: CommandPlace): Command | CommandProblem {
  const words = wordsOf(run, place);
  if ('problem' in words) return { code: 'CONFIG_INVALID', problem: words.problem };
  const [first, ...args] = words.words;
  if (first === undefined || first === '') return { code: 'CONFIG_INVALID', problem: 'it is empty' };
  const nul = words.words.find((word) => word.includes('\0'));
  if (nul !== undefined)
    return { code: 'CONFIG_INVALID', problem: `there is a NUL character in ${show(nul)}` };
  if (/^[A-Za-z_]\w*=/.test(first)) {
    return {
      code: 'CONFIG_INVALID',
      problem: `${show(first)} belongs in env (or -e), not before the command`,
    };
  }
  return isNode(first) ? nodeCommand(args, place) : byFirstWord(first, args, place);
}

function wordsOf(run: string | readonly string[], { cwd }: CommandPlace): ReturnType<typeof splitWords> {
  if (typeof run !== 'string') return { words: run };
  const line = run.trim();
  // A path with a blank in it, or with a parenthesis, names the file that is there.
  if (!line.includes('\0') && isFile(resolve(cwd, line))) return { words: [line] };
  return splitWords(line);
}

/** `node`, or the path of the very Node that runs this. */
function isNode(word: string): boolean {
  if (word === 'node') return true;
  if (!/^\/.*\/node(js)?$/.test(word) || !isFile(word)) return false;
  return realpathSync(word) === realpathSync(process.execPath);
}

function nodeCommand(words: readonly string[], place: CommandPlace): Command | CommandProblem {
  const { nodeArgs, script, args } = readNodeCommand(words);
  if (script === undefined) {
    if (nodeArgs.length > 0) return { file: 'node', args: words, node: false, nodeArgs: [] };
    return { code: 'CONFIG_INVALID', problem: '"node" needs a script' };
  }
  const path = resolve(place.cwd, script);
  const file = isDirectory(path) ? scriptOf(path) : withExtension(path);
  if (file === undefined && !isYetToCome(path, place)) return missing(path);
  return { file: file ?? path, args, node: true, nodeArgs: [...(place.nodeArgs ?? []), ...nodeArgs] };
}

function byFirstWord(first: string, args: readonly string[], place: CommandPlace): Command | CommandProblem {
  const path = resolve(place.cwd, first);
  if (scriptExtensions.has(extname(first)) && isFile(path)) return script(path, args, place);
  if (!first.includes('/') && first !== '.' && first !== '..') {
    const local = findInNodeModules(first, place.cwd);
    if (local !== undefined) return throughTsx(first, args, place) ?? localProgram(local, args, place);
    if (findInPath(first, place.path) !== undefined) return programInPath(first, args, place);
  }
  if (isDirectory(path)) return directory(path, args, place);
  if (isFile(path)) return programFile(path, args, place);
  if (isYetToCome(path, place)) return script(path, args, place);
  const looksLikeFile = first.includes('/') || scriptExtensions.has(extname(first));
  return looksLikeFile ? missing(path) : missingProgram(first, path, place);
}

function script(
  file: string,
  args: readonly string[],
  place: CommandPlace,
  options: readonly string[] = [],
): Command {
  return { file, args, node: true, nodeArgs: [...(place.nodeArgs ?? []), ...options] };
}

/**
 * The program tsx starts another node with the script in it, where the guest would not be; as an import of node it does
 * the same in one process (its own documentation says so).
 */
function throughTsx(
  name: string,
  [first, ...args]: readonly string[],
  place: CommandPlace,
): Command | undefined {
  if (name !== 'tsx' || first === undefined || first.startsWith('-')) return undefined;
  const file = withExtension(resolve(place.cwd, first));
  return file === undefined ? undefined : script(file, args, place, ['--import', 'tsx']);
}

function localProgram(path: string, args: readonly string[], place: CommandPlace): Command | CommandProblem {
  const wrapped = wrappedScript(path);
  return wrapped === undefined ? programFile(path, args, place) : script(wrapped, args, place);
}

function programFile(path: string, args: readonly string[], place: CommandPlace): Command | CommandProblem {
  const options = nodeShebang(path);
  if (options !== undefined) return script(path, args, place, options);
  if (isExecutable(path)) return { file: path, args, node: false, nodeArgs: [] };
  const problem = `${show(path)} is not executable: make it so (chmod +x), or name what runs it, as "python3 ${basename(path)}"`;
  return { code: 'SCRIPT_NOT_FOUND', problem };
}

/** Not the app itself: they start it, so the guest has no business in them. */
const launchers = new Set(['npm', 'npx', 'yarn', 'yarnpkg', 'pnpm', 'pnpx', 'corepack']);

/**
 * The name stays a name, to be looked up in the PATH that the app gets: where it was found today is no setting. Except
 * Node programs, which need their script's path.
 */
function programInPath(name: string, args: readonly string[], place: CommandPlace): Command {
  const path = findInPath(name, place.path);
  const options = launchers.has(name) || path === undefined ? undefined : nodeShebang(path);
  if (path === undefined || options === undefined) return { file: name, args, node: false, nodeArgs: [] };
  return script(path, args, place, options);
}

function directory(path: string, args: readonly string[], place: CommandPlace): Command | CommandProblem {
  const file = scriptOf(path);
  if (file !== undefined) return script(file, args, place);
  const main = readPackage(path)?.main;
  if (typeof main === 'string') return missing(resolve(path, main));
  const problem = `the directory ${show(path)} has neither a package.json with "main" nor an index.js`;
  return { code: 'SCRIPT_NOT_FOUND', problem };
}

function isYetToCome(path: string, { unbuilt = false }: CommandPlace): boolean {
  return unbuilt && scriptExtensions.has(extname(path));
}

function missing(path: string): CommandProblem {
  const near = nearestFile(path);
  const hint = near === undefined ? '' : `: did you mean ${show(near)}?`;
  return { code: 'SCRIPT_NOT_FOUND', problem: `there is no file ${show(path)}${hint}` };
}

function missingProgram(name: string, path: string, place: CommandPlace): CommandProblem {
  const near = nearestFile(path) ?? nearestInPath(name, place.path);
  const hint = near === undefined ? '' : `: did you mean ${show(near)}?`;
  const problem = `${show(name)} is neither a program in PATH nor the file ${show(path)}${hint}`;
  return { code: 'SCRIPT_NOT_FOUND', problem };
}
