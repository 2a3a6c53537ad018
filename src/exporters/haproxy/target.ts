import { join } from 'node:path';
import type { Target } from '../target.ts';
import { haproxy } from './haproxy.ts';

export const haproxyTarget: Target = {
  title: 'HAProxy',
  kind: 'front',
  export: haproxy,
  check: (files, dir) => ({
    around: [],
    commands: [['haproxy', '-c', ...files.flatMap(({ path }) => ['-f', join(dir, path)])]],
    trouble: /\[(?:WARNING|ALERT)\]/,
  }),
  install: (files, name) => ({
    files: [
      ...files.map(({ text, mode }) => ({ path: `/etc/haproxy/${name}.cfg`, text, mode })),
      { path: `/etc/systemd/system/haproxy.service.d/${name}.conf`, text: dropIn(name), mode: 0o644 },
    ],
    check: [
      ['haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg', '-f', `/etc/haproxy/${name}.cfg`],
      ['systemctl', 'daemon-reload'],
    ],
    reload: [['systemctl', 'reload-or-restart', 'haproxy']],
    notes: [
      'After the first time: systemctl restart haproxy. It reads a file that it did not know at its start only then',
    ],
  }),
};

/** Debian's unit puts this behind the name of the main file. */
function dropIn(name: string): string {
  return `# Written by \`hold export haproxy\`: HAProxy reads this file besides its main one.
[Service]
Environment="EXTRAOPTS=-S /run/haproxy-master.sock -f /etc/haproxy/${name}.cfg"
`;
}
