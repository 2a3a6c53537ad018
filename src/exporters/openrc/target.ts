import { basename, join } from 'node:path';
import type { ExportedFile } from '../exported.ts';
import type { Target } from '../target.ts';
import { NOT_AT_BOOT, openrc } from './openrc.ts';

export const openrcTarget: Target = {
  title: 'OpenRC',
  kind: 'init',
  export: openrc,
  // It has no checker of its own: they are scripts of sh.
  check: (files, dir) => ({
    around: [],
    commands: scripts(files).map((path) => ['sh', '-n', join(dir, path)]),
  }),
  install(files) {
    const placed = files.map((file) => ({ ...file, path: file.path.replace(/^openrc/, '/etc') }));
    const paths = scripts(files).map((path) => path.replace(/^openrc/, '/etc'));
    return {
      files: placed,
      check: paths.map((path) => ['sh', '-n', path]),
      reload: paths.map((path) => ['sh', '-c', RELOAD, 'sh', path, basename(path)]),
      notes: placed
        .filter(({ once }) => once)
        .map(({ path }) => `Put the secret values into ${path}, then restart the service`),
    };
  },
};

function scripts(files: readonly ExportedFile[]): string[] {
  return files.map(({ path }) => path).filter((path) => path.startsWith('openrc/init.d/'));
}

/** Only what has changed since it was last installed is restarted. */
const RELOAD = [
  'name=$2; copy=/run/$name.installed',
  `grep -qxF '${NOT_AT_BOOT}' "$1" || rc-update add "$name" default >/dev/null || exit 1`,
  'if rc-service --quiet "$name" status; then',
  '  if cmp -s "$1" "$copy"; then exit 0; fi',
  '  rc-service "$name" restart || exit 1',
  `elif ! grep -qxF '${NOT_AT_BOOT}' "$1"; then`,
  '  rc-service "$name" start || exit 1',
  'fi',
  'cp "$1" "$copy"',
].join('\n');
