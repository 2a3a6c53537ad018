import { basename, dirname, join } from 'node:path';
import type { ExportedFile } from '../exported.ts';
import { addressesIn, listens, nobodyElseListens } from '../listening.ts';
import type { Target } from '../target.ts';
import { haproxy } from './haproxy.ts';

export const haproxyTarget: Target = {
  title: 'HAProxy',
  kind: 'front',
  export: haproxy,
  check: (files, dir) => ({
    around: [],
    commands: [['haproxy', '-c', ...directories(files).flatMap((path) => ['-f', join(dir, path)])]],
    trouble: /\[(?:WARNING|ALERT)\]/,
  }),
  install(files, name) {
    const dir = `/etc/haproxy/${name}`;
    const addresses = addressesIn(files, /^\s*bind (\S+)/gm);
    const placed = files.map((file) => ({ ...file, path: join(dir, basename(file.path)) }));
    return {
      files: [
        ...placed,
        { path: `/etc/systemd/system/haproxy.service.d/${name}.conf`, text: dropIn(dir), mode: 0o644 },
      ],
      check: [
        ['haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg', '-f', dir],
        nobodyElseListens('haproxy', addresses),
      ],
      reload: [
        ['sh', '-c', RELOAD, `systemctl reload haproxy (restart, where it does not know ${dir} yet)`, dir],
      ],
      confirm: [listens('haproxy', addresses)],
      notes: placed
        .filter(({ once }) => once)
        .map(({ path }) => `Name the users in ${path}, then: systemctl reload haproxy`),
    };
  },
};

function directories(files: readonly ExportedFile[]): string[] {
  return [...new Set(files.map(({ path }) => dirname(path)))];
}

/** Debian's unit puts this behind the name of the main file. Of a directory HAProxy reads each file that ends with `.cfg`. */
function dropIn(dir: string): string {
  return `# Written by \`hold export haproxy\`: HAProxy reads these files besides its main one.
[Service]
Environment="EXTRAOPTS=-S /run/haproxy-master.sock -f ${dir}"
`;
}

/** What HAProxy reads at a reload was said when it was started: once it has to be started anew. */
const RELOAD = [
  'systemctl daemon-reload || exit 1',
  'pid=$(systemctl show -P MainPID haproxy)',
  'if tr "\\0" "\\n" <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$1"; then exec systemctl reload haproxy; fi',
  'exec systemctl restart haproxy',
].join('\n');
