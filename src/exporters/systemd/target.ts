import { basename, join } from 'node:path';
import type { ExportedFile } from '../exported.ts';
import { placeEnv } from '../services/script-target.ts';
import type { Target } from '../target.ts';
import { preloadPath } from './helped.ts';
import { systemd } from './systemd.ts';

export const systemdTarget: Target = {
  title: 'systemd',
  kind: 'init',
  export: systemd,
  check: (files, dir) => ({
    around: [],
    commands: [['systemd-analyze', 'verify', ...unitsIn(files).map((path) => join(dir, path))]],
    // For keys that it does not know it ends with 0.
    trouble: /\S/,
  }),
  install(files, name) {
    const placed = files.map((file) =>
      file.once
        ? placeEnv(file, name)
        : { ...file, path: placeOf(file.path.replace(/^systemd\//, ''), name) },
    );
    const target = `${name}.target`;
    const wanted = [...(files[0]?.text ?? '').matchAll(/^Wants=(.+)$/gm)].map(([, unit = '']) => unit);
    return {
      files: placed,
      check: [
        [
          'sh',
          '-c',
          VERIFY,
          'systemd-analyze verify',
          ...unitsIn(files).map((path) => `/etc/systemd/system/${basename(path)}`),
        ],
      ],
      reload: [
        [
          'sh',
          '-c',
          RELOAD,
          `systemctl enable --now ${target} (and restart what has changed)`,
          target,
          ...wanted,
        ],
      ],
      notes: [
        ...placed
          .filter(({ once }) => once)
          .map(({ path }) => `Put the secret values into ${path}, then: systemctl restart ${target}`),
        `What runs and is no longer in the config file goes on: systemctl list-units '${name}-*'`,
      ],
    };
  },
};

function placeOf(path: string, name: string): string {
  return path.endsWith('.cjs') ? preloadPath({ name }) : `/etc/systemd/system/${path}`;
}

/** As an instance: the name that systemd-analyze would take for one is no port. */
function unitsIn(files: readonly ExportedFile[]): string[] {
  return files
    .map(({ path }) => path.replace('@.', '@1.'))
    .filter((path) => /^[^/]+\/[^/]+\.(?:service|socket|timer|target)$/.test(path));
}

/** It ends with 0 for keys that it does not know, but says so. */
const VERIFY = 'said=$(systemd-analyze verify "$@" 2>&1); [ -z "$said" ] || { echo "$said"; exit 1; }';

/** systemd knows which files are newer than what it has read, until it reads them: only those services are restarted, one after the other. */
const RELOAD = [
  'target=$1; shift; changed=',
  'for unit; do [ "$(systemctl show -P NeedDaemonReload "$unit")" != yes ] || changed="$changed $unit"; done',
  'systemctl daemon-reload || exit 1',
  '# New ones whose files have been taken back.',
  'for unit; do',
  '  [ "$(systemctl show -P LoadState "$unit")" != not-found ] || systemctl stop "$unit" "$(basename "$unit" .service).socket" 2>/dev/null',
  'done',
  'systemctl enable --now "$target" || exit 1',
  '# New ones; what does not get ready is no reason to take all others back.',
  'systemctl start --no-block "$target" "$@" || exit 1',
  '# Restarts by hand count, too, for StartLimitBurst.',
  'for unit in $changed; do systemctl reset-failed "$unit"; systemctl try-restart "$unit" || exit 1; done',
].join('\n');
