import type { Target } from '../target.ts';
import { traefik } from './traefik.ts';

/** It has no checker: it looks at its files when it reads them, and tells its log. */
export const traefikTarget: Target = {
  title: 'Traefik',
  kind: 'front',
  export: traefik,
  install: (files, name) => ({
    files: files.map(({ path, text, mode }) => ({ path: `/etc/${path}`, text, mode })),
    check: [],
    reload: [],
    notes: [
      `Traefik takes /etc/traefik/dynamic/${name}.yml by itself, if it was started with /etc/traefik/${name}.yml or the same settings; what it says of the file is in its log`,
    ],
  }),
};
