/** Which files matter to an app that is restarted when its files change. */
import { basename, dirname, extname, isAbsolute, join, relative } from 'node:path';
import picomatch from 'picomatch';
import type { AppPlan, WatchPlan } from '../../config/plan.ts';

/** What tools, editors and crashes leave behind, and what is no part of a program. */
const NOISE: readonly RegExp[] = [
  /^\./,
  /^(node_modules|bower_components)$/,
  /\.log(\.|$)/,
  /(~|\.sw[a-z]|\.bak|\.crswap)$/,
  /^#.*#$/,
  /^4913$/, // vim tries whether it can write a file of this name.
  /^___jb_/,
  /^report\.\d{8}\..*\.json$/, // Node's diagnostic report
  /^core(\.\d+)?$/,
  /\.(heapsnapshot|cpuprofile)$/,
];

export interface WatchFilter {
  /** Nothing in it matters. */
  isIgnored(path: string): boolean;
  /** A change of this file is a reason to restart. */
  counts(file: string): boolean;
}

/** @param home what Holdfast itself writes in */
export function watchFilter(plan: AppPlan, watch: WatchPlan, home: string): WatchFilter {
  const globs = watch.ignore.map((pattern) => globOf(pattern, plan.cwd));
  const own = ownFiles(plan);
  const extensions = new Set(watch.extensions.map((extension) => `.${extension.replace(/^\./, '')}`));
  return {
    isIgnored(path) {
      const name = basename(path);
      if (path === home || NOISE.some((noise) => noise.test(name)) || own(path)) return true;
      // As in .gitignore, the last word counts, and `!` takes it back.
      return globs.findLast(({ matches }) => matches(path))?.ignores ?? false;
    },
    counts: (file) => extensions.size === 0 || extensions.has(extname(file)),
  };
}

interface Glob {
  readonly ignores: boolean;
  matches(path: string): boolean;
}

/** A pattern without a slash is about names anywhere; one with a slash is about the path from the cwd. */
function globOf(pattern: string, cwd: string): Glob {
  const ignores = !pattern.startsWith('!');
  const glob = (ignores ? pattern : pattern.slice(1)).replace(/^\.\//, '').replace(/(.)\/$/, '$1');
  const isMatch = picomatch(glob, { dot: true });
  if (isAbsolute(glob)) return { ignores, matches: (path) => isMatch(path) };
  if (!glob.includes('/')) return { ignores, matches: (path) => isMatch(basename(path)) };
  return { ignores, matches: (path) => isMatch(relative(cwd, path)) };
}

/** The files that Holdfast writes for this app: of each slot, and rotated ones too. */
function ownFiles({ pidFile, log: { files } }: AppPlan): (path: string) => boolean {
  const written = [pidFile, files.all, files.out, files.err].filter((file) => file !== null);
  const patterns = written.map((file) => {
    const [stem, extension] = [basename(file, extname(file)), extname(file)].map(escaped);
    return { dir: dirname(file), name: new RegExp(`^${stem}(-\\d+)?${extension}(\\.\\d.*)?$`) };
  });
  return (path) => patterns.some(({ dir, name }) => dirname(path) === dir && name.test(basename(path)));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** As people know it: from the app's own directory. */
export function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') ? join(path) : short;
}
