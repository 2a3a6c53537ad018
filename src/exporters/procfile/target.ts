import { join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
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
  install() {
    throw new HoldfastError(
      'USAGE',
      'Cannot install a Procfile: it belongs to the app, so write it there with `-o <dir>`',
    );
  },
};
