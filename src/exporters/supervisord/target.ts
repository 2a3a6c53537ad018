import { join } from 'node:path';
import { placeEnv, secretNotes } from '../services/script-target.ts';
import type { Target } from '../target.ts';
import { supervisord } from './supervisord.ts';

/** Of Debian's package, which includes conf.d. */
const MAIN = '/etc/supervisor/supervisord.conf';

export const supervisordTarget: Target = {
  title: 'supervisord',
  kind: 'init',
  export: supervisord,
  check: (_, dir) => ({
    around: [
      { path: 'main.conf', text: '[supervisord]\n[include]\nfiles=supervisord/*.conf\n', mode: 0o644 },
    ],
    commands: [
      ['supervisord', '--version'],
      ['sh', '-c', PARSE, 'sh', join(dir, 'main.conf')],
    ],
  }),
  install: (files, name) => ({
    files: files.map((file) =>
      file.once ? placeEnv(file, name) : { ...file, path: `/etc/supervisor/conf.d/${name}.conf` },
    ),
    check: [['sh', '-c', PARSE, 'sh', MAIN]],
    reload: [['sh', '-c', UPDATE]],
    notes: [
      'Look at them: supervisorctl status',
      ...secretNotes(
        files,
        name,
        'give it to the user that runs the app (chown), then restart the app: supervisorctl restart <app>:*',
      ),
    ],
  }),
};

/** It has no option that only checks: its own parser is asked, by the Python that it itself runs with. */
const PARSE = [
  'daemon=$(command -v supervisord) || { echo "There is no supervisord here"; exit 127; }',
  'exec $(sed -n "1s/^#! *//p" "$daemon") -c "',
  'import sys',
  'from supervisor.options import ServerOptions',
  "ServerOptions().realize(['-c', sys.argv[1]])",
  '" "$1"',
].join('\n');

/** It restarts the apps whose sections have changed, and no others. It ends with 0 also when it could not. */
const UPDATE = [
  'said=$(supervisorctl update 2>&1); code=$?',
  'echo "$said"',
  '[ $code = 0 ] || exit 1',
  'case $said in *ERROR*|*error:*|*refused*|*"no such file"*) exit 1 ;; esac',
].join('\n');
