/** Puts what files include into their trees. How files are read and found comes in, so that this can be tried without a disk. */
import { dirname, isAbsolute, join } from 'node:path';
import type { FrontDirective, FrontProblem, FrontTree } from './front-tree.ts';

export interface FrontFiles {
  /** undefined when there is no such file, or it cannot be read. */
  read(path: string): string | undefined;
  /** Absolute paths of the files that match, in order; of a directory, those that are in it. */
  find(pattern: string): readonly string[];
}

export interface FrontLanguage {
  parse(text: string, file: string): FrontTree;
  /** The pattern of files that this directive stands for; undefined = it includes none. */
  includes(directive: FrontDirective): string | undefined;
  /** Nothing is said when what it includes is not there. */
  isOptional(directive: FrontDirective): boolean;
}

const MOST_FILES = 500;

/**
 * The tree of a file, with what it includes in the place of the directives that say so. A directive whose files were not
 * found stays in the tree: what it would bring is not known then. Files are named by their absolute paths.
 */
export function readFront(path: string, text: string, language: FrontLanguage, files: FrontFiles): FrontTree {
  const problems: FrontProblem[] = [];
  const open: string[] = [];
  let count = 0;

  const fill = (directives: readonly FrontDirective[]): FrontDirective[] =>
    directives.flatMap((directive) => {
      const pattern = language.includes(directive);
      if (pattern !== undefined) return included(directive, pattern);
      return directive.body ? [{ ...directive, body: fill(directive.body) }] : [directive];
    });
  const included = (directive: FrontDirective, pattern: string): FrontDirective[] => {
    const tell = (text: string) => problems.push({ file: directive.file, line: directive.line, text });
    const found = near(pattern, directive.file, files);
    if (found.length === 0) {
      if (language.isOptional(directive) || /[*?[]/.test(pattern)) return [];
      tell(`"${pattern}" was not found, so what is in it does not count here`);
      return [directive];
    }
    return found.flatMap((path) => {
      if (open.includes(path)) {
        tell(`"${path}" includes itself`);
        return [];
      }
      const text = ++count > MOST_FILES ? undefined : files.read(path);
      if (text === undefined) {
        tell(`"${path}" cannot be read, so what is in it does not count here`);
        return [directive];
      }
      return parsed(path, text);
    });
  };
  const parsed = (path: string, text: string): FrontDirective[] => {
    const tree = language.parse(text, path);
    problems.push(...tree.problems);
    open.push(path);
    const directives = fill(tree.directives);
    open.pop();
    return directives;
  };

  return { directives: parsed(path, text), problems };
}

/** Relative paths count from the directory of the main file, which is the one of this file or above it. */
function near(pattern: string, file: string, { find }: FrontFiles): readonly string[] {
  if (isAbsolute(pattern)) return find(pattern);
  for (let dir = dirname(file); ; dir = dirname(dir)) {
    const found = find(join(dir, pattern));
    if (found.length > 0 || dir === dirname(dir)) return found;
  }
}
