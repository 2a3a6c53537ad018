import { basename, join } from 'node:path';
import type { ExportedFile } from '../exported.ts';
import type { Target } from '../target.ts';
import { s6 } from './s6.ts';

export const s6Target: Target = {
  title: 's6',
  kind: 'init',
  export: s6,
  // It has no checker of its own: they are scripts of sh.
  check: (files, dir) => ({
    around: [],
    commands: scripts(files).map((path) => ['sh', '-n', join(dir, path)]),
  }),
  install(files, name) {
    const placed = files.map(({ path, text, mode }) =>
      path.endsWith('.env')
        ? { path: `/etc/${name}/${basename(path)}`, text, mode, once: true }
        : { path: path.replace(/^s6/, '/etc/s6/sv'), text, mode },
    );
    return {
      files: placed,
      check: scripts(files).map((path) => ['sh', '-n', path.replace(/^s6/, '/etc/s6/sv')]),
      // Every system has its own scan directory.
      reload: [],
      notes: [
        `Link them into your scan directory: ln -s /etc/s6/sv/${name}-* /run/service/ && s6-svscanctl -a /run/service`,
        'What ran already goes on as it was: s6-svc -r restarts it',
        ...placed
          .filter(({ path }) => path.endsWith('.env'))
          .map(({ path }) => `Put the secret values into ${path}, then restart the service`),
      ],
    };
  },
};

function scripts(files: readonly ExportedFile[]): string[] {
  return files.filter(({ mode }) => mode === 0o755).map(({ path }) => path);
}
