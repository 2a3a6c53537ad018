import { join } from 'node:path';
import type { Target } from '../target.ts';
import { caddy } from './caddy.ts';

export const caddyTarget: Target = {
  title: 'Caddy',
  kind: 'front',
  export: caddy,
  check: (files, dir) => ({
    around: [],
    commands: files.map(({ path }) => [
      'caddy',
      'validate',
      '--adapter',
      'caddyfile',
      '--config',
      join(dir, path),
    ]),
  }),
  install: (files, name) => ({
    files: files.map(({ text, mode }) => ({ path: `/etc/caddy/${name}.caddy`, text, mode })),
    check: [['caddy', 'validate', '--adapter', 'caddyfile', '--config', '/etc/caddy/Caddyfile']],
    reload: [['caddy', 'reload', '--adapter', 'caddyfile', '--config', '/etc/caddy/Caddyfile']],
    notes: [
      `The first line of /etc/caddy/Caddyfile must be: import ${name}.caddy. Global options of its own must go`,
    ],
  }),
};
