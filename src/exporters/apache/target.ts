import { join } from 'node:path';
import type { ExportedFile } from '../exported.ts';
import { addressesIn, nobodyElseListens } from '../listening.ts';
import type { Target } from '../target.ts';
import { apache } from './apache.ts';

/** Of Debian. */
const MODULES = '/usr/lib/apache2/modules';

export const apacheTarget: Target = {
  title: 'Apache',
  kind: 'front',
  export: apache,
  check(files, dir) {
    return {
      around: [{ path: 'apache-check.conf', text: mainFile(files, dir), mode: 0o644 }],
      commands: [['apache2', '-t', '-f', join(dir, 'apache-check.conf')]],
    };
  },
  install: (files, name) => ({
    files: files.map(({ text, mode }) => ({
      path: `/etc/apache2/sites-available/${name}.conf`,
      text,
      mode,
    })),
    check: [
      // It would end Apache at the reload, with all of its sites.
      nobodyElseListens('apache2', addressesIn(files, /^Listen (\S+)/gm)),
      ['sh', '-c', ENABLE, 'a2ensite, apache2ctl configtest', name],
    ],
    reload: [['apache2ctl', 'graceful']],
    notes: [
      'Each open WebSocket takes one of MaxRequestWorkers, see /etc/apache2/mods-available/mpm_event.conf',
    ],
  }),
};

/** A site that was not enabled before is not so afterwards, if Apache refuses it. */
const ENABLE = `test -e "/etc/apache2/sites-enabled/$1.conf" && exec apache2ctl configtest
a2ensite -q "$1" && apache2ctl configtest || { a2dissite -q "$1"; exit 1; }`;

/** A main file with the modules that the exported one asks for, and nothing else of this machine. */
export function mainFile(files: readonly ExportedFile[], dir: string): string {
  const text = files.map((file) => file.text).join('\n');
  const modules = /^# a2enmod (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
  return [
    `ServerRoot "${dir}"`,
    `DefaultRuntimeDir "${dir}"`,
    `PidFile "${join(dir, 'apache.pid')}"`,
    `ErrorLog "${join(dir, 'apache-error.log')}"`,
    'ServerName localhost',
    ...['mpm_event', ...loadOrder(modules)].map(
      (name) => `LoadModule ${name}_module "${MODULES}/mod_${name}.so"`,
    ),
    ...(modules.includes('mime') ? ['TypesConfig /dev/null'] : []),
    ...(modules.includes('md') ? [`MDStoreDir "${join(dir, 'md')}"`] : []),
    ...files.map(({ path }) => `Include "${join(dir, path)}"`),
    '',
  ].join('\n');
}

/** Some are made of parts of others, which must be there before them. */
function loadOrder(modules: readonly string[]): readonly string[] {
  const first = ['watchdog', 'proxy', 'ssl', 'http2'].filter((name) => modules.includes(name));
  // Debian has it in the program itself.
  return [...first, ...modules.filter((name) => !first.includes(name))].filter((name) => name !== 'watchdog');
}
