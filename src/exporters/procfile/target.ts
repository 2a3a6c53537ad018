import { join } from 'node:path';
import type { Target } from '../target.ts';
import { procfile } from './procfile.ts';

export const procfileTarget: Target = {
  title: 'Procfile',
  kind: 'init',
  export: procfile,
  check: (files, dir) => ({
    around: [],
    // Each line is for a shell.
    commands: files.map(({ path }) => [
      'sh',
      '-c',
      'sed "s/^[^:#]*: //" "$1" | sh -n',
      'sh',
      join(dir, path),
    ]),
  }),
  install: () => ({
    files: [],
    check: [],
    reload: [],
    notes: ['A Procfile belongs to the app: write it there with `-o`'],
  }),
};
