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

const PORTS: Readonly<Record<string, number>> = { runit: 3000, s6: 3001, supervisord: 3002, openrc: 4000 };
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

  const inits = Object.entries(CASES);
  const answer = (word: string) =>
    until(() => inits.every(([init]) => asked(host, init) === `${word} ${whoIsThere}`), {
      why: `the apps of ${Object.keys(CASES)} answer with ${word}`,
    });

  for (const [, { prepare }] of inits) host.run('sh', '-c', prepare);
  install(host, Object.keys(PORTS), 'one');
  for (const [, { first }] of inits) if (first) host.run('sh', '-c', first);
  await answer('one');
  for (const said of install(host, Object.keys(CASES), 'one')) assert.match(said, /has these files already/);
  install(host, Object.keys(CASES), 'two');
  for (const [, { again }] of inits) if (again) host.run('sh', '-c', again);
  await answer('two');

  assert.equal(host.run('stat', '-c', '%a', '/etc/init.d/openrc-web'), '755\n');
  assert.deepEqual(host.run('cat', '/srv/openrc').trim().split('\n'), [
    'rc-update add openrc-web default',
    'rc-service --quiet openrc-web status',
    'rc-service openrc-web start',
  ]);
});

function asked(host: InitHost, init: string): string {
  return host.shell(`curl -s --max-time 5 http://127.0.0.1:${PORTS[init]}/`).output;
}

/** For all of these at once: what was said for each. */
function install(host: InitHost, inits: readonly string[], word: string): string[] {
  const lines = inits.map((init) => {
    const app = { run: '/srv/web/server.js', port: PORTS[init], env: { WORD: word } };
    return `(
mkdir -p /srv/for-${init} && cd /srv/for-${init} && printf %s '${JSON.stringify({ apps: { web: app } })}' >holdfast.config.json &&
hold export ${init} --name ${init} --user deploy --node /usr/local/bin/node --install --yes >said 2>&1; echo "ended with $?" >>said
) &`;
  });
  host.shell(`${lines.join('\n')}\nwait`);
  return inits.map((init) => {
    const said = host.run('cat', `/srv/for-${init}/said`);
    assert.match(said, /^ended with 0$/m, said);
    return said;
  });
}
