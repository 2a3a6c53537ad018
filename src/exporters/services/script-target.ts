/** What installing has in common for inits whose services are directories of scripts of sh(1). */
import { basename, join } from 'node:path';
import type { ExportedFile } from '../exported.ts';
import type { Check, InstalledFile, Target } from '../target.ts';

/** They have no checker of their own. */
export function checkScripts(files: readonly ExportedFile[], dir: string): Check {
  return { around: [], commands: scriptsOf(files).map((path) => ['sh', '-n', join(dir, path)]) };
}

/**
 * Where they go, and what the shell says of them there.
 *
 * @param home of the services: `/etc/sv` for the files below `runit/`
 */
export function placeScripts(
  files: readonly ExportedFile[],
  home: string,
  name: string,
): Pick<ReturnType<Target['install']>, 'files' | 'check'> {
  const placed = (path: string) => path.replace(/^[^/]+/, home);
  return {
    files: files.map((file) => (file.once ? placeEnv(file, name) : { ...file, path: placed(file.path) })),
    check: scriptsOf(files).map((path) => ['sh', '-n', placed(path)]),
  };
}

/** A person fills it in; where `envFilePath` says. */
export function placeEnv(file: ExportedFile, name: string): InstalledFile {
  return { ...file, path: `/etc/${name}/${basename(file.path)}` };
}

/** What a person has to do before the apps have their secrets. */
export function secretNotes(files: readonly ExportedFile[], name: string, then: string): string[] {
  return files
    .filter(({ once }) => once)
    .map((file) => `Put the secret values into ${placeEnv(file, name).path}, ${then}`);
}

function scriptsOf(files: readonly ExportedFile[]): string[] {
  return files.filter(({ mode }) => mode === 0o755).map(({ path }) => path);
}
