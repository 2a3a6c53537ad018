/** From forever's settings of a process to an app of Holdfast: same meaning, and better where that harms nobody. */
import { readFileSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import type { AppConfig, RestartConfig, WatchConfig } from '../config-types.ts';
import { longestAppName } from '../name-rules.ts';
import type { ForeverSettings } from './forever-settings.ts';

export interface ForeverPlace {
  /** Where the command runs; absolute. */
  readonly cwd: string;
  /** forever's root; absolute. */
  readonly root: string;
  /** What was named on the command line, the script itself or a JSON file: from an absolute path forever goes to `/`. */
  readonly file: string;
}

/** forever's default, which its users rely on as "it did not start at all". */
export const defaultMinUptimeMs = 1000;
/** forever kills at once, so its users' scripts wait for nothing that takes longer. */
const stopTimeout = '2s';
/** Who names a signal has something to do when it comes. */
const stopTimeoutWithSignal = '10s';
/** forever has no limit by rate. */
const neverGiveUp = { crashes: 1_000_000, within: '1s' };

export interface ForeverPaths {
  readonly sourceDir: string;
  readonly workingDir: string;
  readonly script: string;
}

export function foreverPaths(settings: ForeverSettings, { cwd, file }: ForeverPlace): ForeverPaths {
  const start = isAbsolute(file) ? '/' : cwd;
  const sourceDir = resolve(cwd, settings.sourceDir ?? start);
  const workingDir = settings.workingDir === undefined ? sourceDir : resolve(cwd, settings.workingDir);
  // As path.join does: an absolute script below a sourceDir is still below it, except below `/`, where it is itself.
  return { sourceDir, workingDir, script: join(sourceDir, settings.script) };
}

/** All paths in it are absolute. `logFile` and `pidFile` are set when the settings name them. */
export function foreverApp(settings: ForeverSettings, place: ForeverPlace): AppConfig {
  const { workingDir, script } = foreverPaths(settings, place);
  const { cwd, root } = place;
  const { logFile, outFile, errFile, pidFile, silent, killSignal, killTree } = settings;
  const interpreter = (settings.command ?? 'node').split(' ').filter((word) => word !== '');
  return {
    run: [...interpreter, script, ...(settings.args ?? [])],
    cwd: workingDir,
    restart: restartOf(settings),
    stop: {
      signal: (killSignal ?? 'SIGTERM') as NonNullable<AppConfig['stop']>['signal'],
      timeout: killSignal === undefined ? stopTimeout : stopTimeoutWithSignal,
      ...(killTree === false && { ends: 'process' as const }),
    },
    watch: settings.watch ? watchOf(settings, place) : undefined,
    pidFile: pidFile === undefined ? undefined : resolve(root, 'pids', pidFile),
    log: {
      files: {
        all: logFile === undefined || silent ? undefined : resolve(root, logFile),
        out: outFile === undefined ? undefined : resolve(cwd, outFile),
        err: errFile === undefined ? undefined : resolve(cwd, errFile),
        merge: true,
      },
    },
  };
}

function restartOf({ max, minUptime, spinSleepTime }: ForeverSettings): RestartConfig {
  // A pause of 0 would never let the machine breathe.
  const pause = `${Math.max(spinSleepTime ?? 0, 1)}ms`;
  return {
    ...(max !== undefined && { max: Math.max(max - 1, 0) }),
    minUptime: `${minUptime || defaultMinUptimeMs}ms`,
    ...(spinSleepTime === undefined ? { early: 'give-up' as const } : { backoff: [pause, pause] as const }),
    giveUpAfter: neverGiveUp,
  };
}

function watchOf(settings: ForeverSettings, place: ForeverPlace): WatchConfig {
  const { sourceDir, workingDir, script } = foreverPaths(settings, place);
  // From an absolute path forever watches the whole machine.
  const usual = sourceDir === '/' ? dirname(script) : sourceDir;
  const paths = (settings.watchDirectory ?? [usual]).map((path) => resolve(place.cwd, path));
  const patterns = paths.flatMap((path) =>
    [...(settings.watchIgnore ?? []), ...foreverIgnore(path)].map((pattern) => ({ path, pattern })),
  );
  const ignore = patterns.flatMap(({ path, pattern }) => globsOf(pattern, relative(workingDir, path)));
  return { paths, ignore: [...new Set(ignore)] };
}

/** The lines of `.foreverignore` in a watched directory; none when there is no such file. */
function foreverIgnore(directory: string): string[] {
  try {
    return readFileSync(join(directory, '.foreverignore'), 'utf8')
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

/**
 * Globs relative to the app's directory. In forever's own (minimatch with matchBase) a pattern without a slash is about the
 * name of a file anywhere, and what matches a directory is about all that is in it.
 */
function globsOf(pattern: string, below: string): string[] {
  const bare = pattern.replace(/\/+$/, '');
  const glob = bare.includes('/') ? bare.replace(/^\.\//, '') : `**/${bare}`;
  const full = isAbsolute(glob) || below === '' ? glob : join(below, glob);
  return full.endsWith('*') ? [full] : [full, `${full}/**`];
}

/** The name of a process without a uid: that of its script, of an index file that of its directory. */
export function nameOfScript(script: string): string {
  const stem = basename(script, extname(script));
  return foreverName(stem === 'index' ? basename(dirname(script)) : stem);
}

/** The nearest to a uid that an app of Holdfast can be named. */
export function foreverName(uid: string): string {
  const name = uid
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[-_]+|-+$/g, '')
    .slice(0, longestAppName);
  // A number is how commands name an instance.
  if (name === '' || /^\d+$/.test(name)) return `app${name}`;
  return name === 'all' || name in {} ? `${name}-1` : name;
}
