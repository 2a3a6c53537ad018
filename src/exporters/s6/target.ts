import { checkScripts, placeScripts, secretNotes } from '../services/script-target.ts';
import type { Target } from '../target.ts';
import { s6 } from './s6.ts';

export const s6Target: Target = {
  title: 's6',
  kind: 'init',
  export: s6,
  check: checkScripts,
  install: (files, name) => ({
    ...placeScripts(files, '/etc/s6/sv', name),
    // Every system has its own scan directory.
    reload: [],
    notes: [
      `Link them into your scan directory: ln -s /etc/s6/sv/${name}-* /run/service/ && s6-svscanctl -a /run/service`,
      'What ran already goes on as it was: s6-svc -r restarts it',
      ...secretNotes(files, name, 'then restart the service'),
    ],
  }),
};
