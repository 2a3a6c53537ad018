import { join } from 'node:path';
import { checkScripts, placeScripts, secretNotes } from '../services/script-target.ts';
import type { Target } from '../target.ts';
import { s6rc } from './s6-rc.ts';

/** Where most systems that use s6-rc look for what an administrator defines. */
const SOURCES = '/etc/s6-rc/source';

export const s6rcTarget: Target = {
  title: 's6-rc',
  kind: 'init',
  export: s6rc,
  check: (files, dir) => ({
    around: [],
    commands: [
      ...checkScripts(files, dir).commands,
      ['s6-rc-compile', join(dir, 'compiled'), join(dir, 's6-rc')],
    ],
  }),
  install: (files, name) => ({
    ...placeScripts(files, SOURCES, name),
    // Which of the sources make the database of the machine, and where it is, is different on each.
    reload: [],
    notes: [
      `Compile them with all others, and switch: s6-rc-compile /etc/s6-rc/compiled-new ${SOURCES} && s6-rc-update /etc/s6-rc/compiled-new`,
      `Start them: s6-rc -u change ${name}`,
      'To have them at boot, put that name into the contents.d of the bundle that is started then',
      ...secretNotes(files, name, 'then restart the service'),
    ],
  }),
};
