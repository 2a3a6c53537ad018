import { checkScripts, placeScripts, secretNotes } from '../services/script-target.ts';
import type { Target } from '../target.ts';
import { runit } from './runit.ts';

export const runitTarget: Target = {
  title: 'runit',
  kind: 'init',
  export: runit,
  check: checkScripts,
  install(files, name) {
    const services = files.flatMap(({ path }) => /^runit\/([^/]+)\/run$/.exec(path)?.[1] ?? []);
    return {
      ...placeScripts(files, '/etc/sv', name),
      reload: services.map((service) => ['sh', '-c', RELOAD, 'sh', service]),
      notes: [
        'runsvdir looks for new services every five seconds: sv status /etc/service/*',
        ...secretNotes(files, name, 'then restart the service'),
      ],
    };
  },
};

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
