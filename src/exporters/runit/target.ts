import { basename, join } from 'node:path';
import type { ExportedFile } from '../exported.ts';
import type { Target } from '../target.ts';
import { runit } from './runit.ts';

export const runitTarget: Target = {
  title: 'runit',
  kind: 'init',
  export: runit,
  // It has no checker of its own: they are scripts of sh.
  check: (files, dir) => ({
    around: [],
    commands: scripts(files).map((path) => ['sh', '-n', join(dir, path)]),
  }),
  install(files, name) {
    const placed = files.map(({ path, text, mode }) =>
      path.endsWith('.env')
        ? { path: `/etc/${name}/${basename(path)}`, text, mode, once: true }
        : { path: path.replace(/^runit/, '/etc/sv'), text, mode },
    );
    const services = scripts(files).flatMap((path) => /^runit\/([^/]+)\/run$/.exec(path)?.[1] ?? []);
    return {
      files: placed,
      check: scripts(files).map((path) => ['sh', '-n', path.replace(/^runit/, '/etc/sv')]),
      reload: services.map((service) => ['sh', '-c', RELOAD, 'sh', service]),
      notes: [
        'runsvdir looks for new services every five seconds: sv status /etc/service/*',
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

/** Only what has changed since it was last installed is restarted. */
const RELOAD = [
  'scan=/etc/service; [ -d "$scan" ] || scan=/var/service',
  'dir=/etc/sv/$1; link=$scan/$1; stamp=/run/$1.installed',
  'sum=$(cat "$dir/run" "$dir/log/config" | cksum)',
  'if [ ! -e "$link" ]; then ln -s "$dir" "$link" || exit 1',
  'elif [ "$sum" != "$(cat "$stamp" 2>/dev/null)" ]; then',
  '  sv -w 60 try-restart "$link" && sv try-restart "$link/log" || exit 1',
  'fi',
  'echo "$sum" >"$stamp"',
].join('\n');
