/** `hold export <init> --install` on a machine that has that init: the app runs, a second time changes nothing, and a change reaches it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InitHost, initHost } from '../support/init-host.ts';
import { requireProgram } from '../support/programs.ts';
import { until } from '../support/until.ts';

const SERVER = `
require('node:http')
  .createServer((req, res) => res.end(process.env.WORD + ' ' + process.getuid() + ' ' + process.env.HOME))
  .listen(process.env.PORT);
`;

interface Case {
  readonly programs: readonly string[];
  /** Lines of sh that make the init run. */
  readonly prepare: string;
  /** What the command leaves to a person, after the first time and after a change. */
  readonly first?: string;
  readonly again?: string;
}

const CASES: Readonly<Record<string, Case>> = {
  runit: {
    programs: ['runsvdir', 'sv', 'svlogd'],
    prepare: 'true',
    // Later, because it looks for new services only every five seconds.
    first: '(setsid runsvdir -P /etc/service </dev/null >/dev/null 2>&1 &)',
  },
  s6: {
    programs: ['s6-svscan', 's6-svc', 's6-log'],
    prepare: 'mkdir -p /run/service; (setsid s6-svscan /run/service </dev/null >/dev/null 2>&1 &)',
    first: 'ln -s /etc/s6/sv/s6-* /run/service/ && s6-svscanctl -a /run/service',
    again: 's6-svc -r /run/service/s6-web',
  },
  supervisord: {
    programs: ['supervisord', 'supervisorctl'],
    prepare: 'supervisord -c /etc/supervisor/supervisord.conf',
  },
};

const PROGRAMS = [...new Set(Object.values(CASES).flatMap(({ programs }) => programs))];

test('an init takes what was exported for it, and what has changed', async (t) => {
  for (const program of PROGRAMS) if (!requireProgram(t, program)) return;
  const host = initHost(t, {
    init: ['/usr/bin/sleep', 'infinity'],
    prepare: [
      'rm -rf etc/service etc/sv etc/s6; mkdir -p etc/service srv/web',
      // No OpenRC is here: what it would be told.
      `for name in rc-update rc-service; do printf '#!/bin/sh\\necho "\${0##*/} $*" >>/srv/openrc\\n[ "$*" != "--quiet openrc-web status" ]\\n' >usr/local/bin/$name; chmod +x usr/local/bin/$name; done`,
    ],
    up: 'true',
  });
  if (!host) return;
  await host.boot();
  host.run('sh', '-c', `cat >/srv/web/server.js <<'END'\n${SERVER}\nEND`);
  const whoIsThere = `${host.run('id', '-u', 'deploy').trim()} /home/deploy`;

  for (const [index, [init, { prepare, first, again }]] of Object.entries(CASES).entries()) {
    const port = 3000 + index;
    host.run('sh', '-c', prepare);
    const answers = (word: string) =>
      until(
        () => host.shell(`curl -s --max-time 5 http://127.0.0.1:${port}/`).output === `${word} ${whoIsThere}`,
        { why: `${init}: the app of ${word} answers` },
      );

    install(host, init, port, 'one');
    if (first) host.run('sh', '-c', first);
    await answers('one');
    assert.match(install(host, init, port, 'one'), /has these files already/);
    install(host, init, port, 'two');
    if (again) host.run('sh', '-c', again);
    await answers('two');
  }

  install(host, 'openrc', 4000, 'one');
  assert.equal(host.run('stat', '-c', '%a', '/etc/init.d/openrc-web'), '755\n');
  assert.deepEqual(host.run('cat', '/srv/openrc').trim().split('\n'), [
    'rc-update add openrc-web default',
    'rc-service --quiet openrc-web status',
    'rc-service openrc-web start',
  ]);
});

function install(host: InitHost, init: string, port: number, word: string): string {
  const config = JSON.stringify({ apps: { web: { run: 'server.js', port, env: { WORD: word } } } });
  const { code, output } = host.shell(`
cd /srv/web && printf %s '${config}' >holdfast.config.json &&
hold export ${init} --name ${init} --user deploy --node /usr/local/bin/node --install --yes`);
  assert.equal(code, 0, output);
  return output;
}
