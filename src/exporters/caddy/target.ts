import { join } from 'node:path';
import type { Target } from '../target.ts';
import { caddy } from './caddy.ts';

export const caddyTarget: Target = {
  title: 'Caddy',
  kind: 'front',
  export: caddy,
  check: (files, dir) => ({
    around: [],
    commands: files.map(({ path }) => validate(join(dir, path))),
  }),
  install: (files, name) => ({
    files: files.map(({ text, mode }) => ({ path: `/etc/caddy/${name}.caddy`, text, mode })),
    // First by itself: as long as the main file does not import it, nothing else would look at it.
    check: [validate(`/etc/caddy/${name}.caddy`), validate('/etc/caddy/Caddyfile')],
    reload: [['caddy', 'reload', '--adapter', 'caddyfile', '--config', '/etc/caddy/Caddyfile']],
    notes: [
      `The first line of /etc/caddy/Caddyfile must be: import ${name}.caddy. Global options of its own must go`,
    ],
  }),
};

function validate(path: string): readonly [string, ...string[]] {
  return ['caddy', 'validate', '--adapter', 'caddyfile', '--config', path];
}
