import { basename, join } from 'node:path';
import { placeEnv } from '../services/script-target.ts';
import type { Target } from '../target.ts';
import { launchd } from './launchd.ts';

export const launchdTarget: Target = {
  title: 'launchd',
  kind: 'init',
  export: launchd,
  check: (files, dir) => ({
    around: [],
    commands: [
      [
        'plutil',
        '-lint',
        ...files.filter(({ path }) => path.endsWith('.plist')).map(({ path }) => join(dir, path)),
      ],
    ],
  }),
  install(files, name) {
    const placed = files.map((file) =>
      file.once ? placeEnv(file, name) : { ...file, path: `/Library/LaunchDaemons/${basename(file.path)}` },
    );
    const plists = placed.map(({ path }) => path).filter((path) => path.endsWith('.plist'));
    return {
      files: placed,
      check: [['plutil', '-lint', ...plists]],
      reload: plists.map((path) => ['sh', '-c', RELOAD, 'sh', path, basename(path, '.plist')]),
      notes: placed
        .filter(({ once }) => once)
        .map(
          ({ path }) =>
            `Put the secret values into ${path}, and give it to the user that runs the app (chown)`,
        ),
    };
  },
};

/** What it has read it keeps until it is taken out; a copy of the text tells whether that is still the same. */
const RELOAD = [
  'copy=/var/db/$2.plist.loaded',
  'if cmp -s "$1" "$copy" && launchctl print "system/$2" >/dev/null 2>&1; then exit 0; fi',
  'launchctl bootout "system/$2" 2>/dev/null',
  'launchctl bootstrap system "$1" && cp "$1" "$copy"',
].join('\n');
