/** `hold import forever processes.json`: the processes of a JSON file of forever as apps. */
import { basename, extname, resolve } from 'node:path';
import type { AppConfig } from '../config-types.ts';
import { foreverApp, foreverPaths, nameOfScript } from './forever-app.ts';
import { type ForeverSettings, readForeverFile } from './forever-settings.ts';
import {
  appNameFor,
  durationText,
  type Imported,
  type ImportPlace,
  nearPath,
  runOf,
  withoutEmpty,
} from './imported.ts';

const nodeScripts = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']);

/** @throws HoldfastError IMPORT_INVALID, CONFIG_NOT_FOUND or CONFIG_UNREADABLE */
export async function importForever(
  file: string,
  place: ImportPlace & { /** forever's root; absolute. */ readonly root: string },
): Promise<Imported> {
  const { processes, ignored } = readForeverFile(resolve(place.cwd, file), file);
  const taken = new Set<string>();
  const apps: Record<string, AppConfig> = {};
  const notes: string[] = [
    ...ignored.map((key) => `"${key}" is not known to forever, which ignores it, and so does this file`),
    'forever gives a process all variables of the shell; here `env`, `envFile` and `passEnv` name what it needs',
    'forever ends a process with SIGKILL; Holdfast sends a signal (stop.signal), and SIGKILL only after stop.timeout',
  ];
  for (const settings of processes) {
    const from = { cwd: place.cwd, root: place.root, file };
    const { script } = foreverPaths(settings, from);
    const name = appNameFor(settings.uid ?? nameOfScript(script), taken);
    apps[name] = tidied(settings, foreverApp(settings, from), script, place.cwd);
    notes.push(...notesOn(name, settings));
  }
  return { config: { apps }, notes };
}

/** Paths as people write them, and nothing that Holdfast does anyway. */
function tidied(settings: ForeverSettings, app: AppConfig, script: string, base: string): AppConfig {
  const cwd = app.cwd ?? base;
  const near = (path: string | undefined) => (path === undefined ? undefined : nearPath(path, cwd));
  const { restart, watch, log } = app;
  const { minUptime, backoff, ...policy } = typeof restart === 'object' ? restart : {};
  const watched = typeof watch === 'object' && 'paths' in watch ? watch : undefined;
  const files = log?.files;
  return withoutEmpty({
    ...runAndArgs(settings, nearPath(script, cwd)),
    cwd: cwd === base ? undefined : nearPath(cwd, base),
    restart: {
      ...policy,
      minUptime: settings.minUptime ? durationText(settings.minUptime) : undefined,
      backoff: backoff && settings.spinSleepTime ? pauses(settings.spinSleepTime) : backoff,
    },
    stop: {
      signal: settings.killSignal === undefined ? undefined : app.stop?.signal,
      ends: app.stop?.ends,
    },
    watch: watched && {
      paths: watched.paths?.map((path) => nearPath(path, cwd)),
      ignore: watched.ignore?.length ? watched.ignore : undefined,
    },
    pidFile: near(app.pidFile),
    log: {
      files: {
        all: near(files?.all),
        out: near(files?.out),
        err: near(files?.err),
        append: settings.append || !(files?.out || files?.err) ? undefined : false,
      },
    },
  });
}

function runAndArgs(
  { command, args = [] }: ForeverSettings,
  script: string,
): Pick<AppConfig, 'run' | 'args'> {
  const interpreter = (command ?? 'node').split(' ').filter((word) => word !== '');
  const isPlain = command === undefined && nodeScripts.has(extname(script));
  const run = runOf(isPlain ? [script] : [...interpreter, script]);
  return { run, args: args.length > 0 ? args : undefined };
}

function pauses(ms: number): readonly [string, string] {
  return [durationText(ms), durationText(ms)];
}

function notesOn(name: string, settings: ForeverSettings): string[] {
  const notes: string[] = [];
  const uid = settings.uid ?? '';
  if (uid !== '' && uid !== name)
    notes.push(`${name}: forever knew it by the uid "${uid}", which no name of an app can be`);
  if (settings.id !== undefined)
    notes.push(`${name}: the id "${settings.id}" is left out, the name is enough`);
  if (settings.silent)
    notes.push(`${name}: its output is kept too (\`hold logs ${name}\`), though forever's was "silent"`);
  if (settings.logFile === undefined)
    notes.push(
      `${name}: instead of a log in forever's root, \`hold logs ${name}\` has its output; log.files.all names a plain file besides`,
    );
  if (settings.append !== true && settings.logFile !== undefined)
    notes.push(
      `${name}: forever refuses to start when ${basename(settings.logFile)} exists; here it is continued or emptied, as log.files.append says`,
    );
  if (settings.spinSleepTime === undefined)
    notes.push(
      `${name}: it is not started again when it ends within restart.minUptime, as with forever; take out "early" to have it tried again, slower and slower`,
    );
  return notes;
}
