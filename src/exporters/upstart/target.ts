import { basename } from 'node:path';
import type { Target } from '../target.ts';
import { upstart } from './upstart.ts';

export const upstartTarget: Target = {
  title: 'Upstart',
  kind: 'init',
  export: upstart,
  install(files, name) {
    const placed = files.map(({ path, text, mode }) =>
      path.endsWith('.env')
        ? { path: `/etc/${name}/${basename(path)}`, text, mode, once: true }
        : { path: `/etc/init/${basename(path)}`, text, mode },
    );
    const jobs = placed
      .filter(({ path }) => path.endsWith('.conf'))
      .map(({ path }) => basename(path, '.conf'));
    return {
      files: placed,
      check: placed.filter(({ path }) => path.endsWith('.conf')).map(({ path }) => ['init-checkconf', path]),
      reload: [['initctl', 'reload-configuration']],
      notes: [
        ...placed
          .filter(({ path }) => path.endsWith('.env'))
          .map(
            ({ path }) =>
              `Put the secret values into ${path}, and give it to the user that runs the app (chown)`,
          ),
        ...jobs.map((job) => `To start it anew: initctl stop ${job}; initctl start ${job}`),
      ],
    };
  },
};
