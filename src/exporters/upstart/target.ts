import { basename } from 'node:path';
import { placeEnv } from '../services/script-target.ts';
import type { Target } from '../target.ts';
import { upstart } from './upstart.ts';

export const upstartTarget: Target = {
  title: 'Upstart',
  kind: 'init',
  export: upstart,
  install(files, name) {
    const placed = files.map((file) =>
      file.once ? placeEnv(file, name) : { ...file, path: `/etc/init/${basename(file.path)}` },
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
          .filter(({ once }) => once)
          .map(
            ({ path }) =>
              `Put the secret values into ${path}, and give it to the user that runs the app (chown)`,
          ),
        ...jobs.map((job) => `To start it anew: initctl stop ${job}; initctl start ${job}`),
      ],
    };
  },
};
