/** `hold export <front> --install` on a machine that has the server of Debian: asked, written, checked, in force; taken back when refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InitHost, initHost } from '../support/init-host.ts';
import { requireProgram } from '../support/programs.ts';
import { until } from '../support/until.ts';

interface FrontServer {
  readonly program: string;
  readonly unit: string;
  /** So that all of them can run beside each other. */
  readonly before: string;
  readonly file: string;
  readonly port: number;
  /** In the user's own part of the configuration. */
  readonly mistake: string;
}

const servers: Readonly<Record<string, FrontServer>> = {
  nginx: {
    program: 'nginx',
    unit: 'nginx',
    before: 'rm -f /etc/nginx/sites-enabled/default',
    file: '/etc/nginx/conf.d/holdfast.conf',
    port: 8081,
    mistake: 'echo "nonsense on;" >/etc/nginx/conf.d/own.conf',
  },
  apache: {
    program: 'a2ensite',
    unit: 'apache2',
    before: 'a2dissite -q 000-default; echo Listen 127.0.0.1:8090 >/etc/apache2/ports.conf',
    file: '/etc/apache2/sites-available/holdfast.conf',
    port: 8082,
    mistake: 'echo Nonsense On >/etc/apache2/sites-enabled/own.conf',
  },
  haproxy: {
    program: 'haproxy',
    unit: 'haproxy',
    before: 'true',
    file: '/etc/haproxy/holdfast/holdfast.cfg',
    port: 8083,
    mistake: 'echo nonsense on >>/etc/haproxy/haproxy.cfg',
  },
  caddy: {
    program: 'caddy',
    unit: 'caddy',
    before: 'echo >/etc/caddy/Caddyfile',
    file: '/etc/caddy/holdfast.caddy',
    port: 8084,
    mistake: 'printf "\\nhttp://own.test {\\nnonsense on\\n}\\n" >>/etc/caddy/Caddyfile',
  },
};

const APP_PORT = 3000;
const TAKEN_PORT = 3001;
const APP = `require('http').createServer((req, res) => res.end('the app')).listen(process.env.PORT, '127.0.0.1');`;

test('an exported front is installed for real, and a refused one leaves no trace', async (t) => {
  const all = Object.entries(servers).filter(([, { program }]) => requireProgram(t, program));
  if (all.length < Object.keys(servers).length) return;
  const host = initHost(t, {
    init: ['/lib/systemd/systemd', '--show-status=false'],
    cgroups: true,
    prepare: [
      'rm -rf etc/systemd/system/*.wants etc/rc?.d etc/systemd/system/default.target var/log/journal; echo booted >etc/hostname',
      'ln -s /lib/systemd/system/multi-user.target etc/systemd/system/default.target',
    ],
    up: 'systemctl is-system-running --wait | grep -Eq "running|degraded"',
  });
  if (!host) return;
  await host.boot();
  put(host, '/srv/app.js', APP);
  for (const one of [APP_PORT, TAKEN_PORT]) {
    host.run('systemd-run', '-q', `--setenv=PORT=${one}`, '/usr/local/bin/node', '/srv/app.js');
  }
  await t.test('it asks', () => asks(host));
  for (const [name, server] of all) {
    await t.test(name, () => driven(host, name, server));
  }
});

/** Nobody, when there is nobody to ask; and takes no for an answer. */
function asks(host: InitHost): void {
  put(host, '/srv/holdfast.config.json', config(8080, 'one'));
  const install = 'hold export nginx --install';
  const unasked = host.shell(`cd /srv && ${install} 2>&1`);
  assert.equal(unasked.code, 2, unasked.output);
  assert.match(unasked.output, /^\+.*X-Word.*one/im);
  const refused = host.shell(`cd /srv && echo n | script -qec '${install}' /dev/null`);
  assert.match(refused.output, /Write these files\? \[y\/N\]/);
  assert.match(refused.output, /Nothing was written/);
  assert.notEqual(host.shell('ls /etc/nginx/conf.d/holdfast.conf').code, 0);
}

async function driven(host: InitHost, name: string, server: FrontServer): Promise<void> {
  const { unit, before, file, port, mistake } = server;
  host.shell(`${before}; systemctl start ${unit}`);
  assert.equal(host.shell(`systemctl is-active ${unit}`).output, 'active\n');
  const install = (word: string, at = port) => {
    put(host, '/srv/holdfast.config.json', config(at, word));
    return host.shell(`cd /srv && hold export ${name} --install --yes 2>&1`);
  };

  if (name === 'apache') enableModules(host, install('one').output);
  if (name === 'caddy') put(host, '/etc/caddy/Caddyfile', 'import holdfast.caddy');
  const first = install('one');
  assert.equal(first.code, 0, first.output);
  await inForce(host, port, 'one');
  assert.match(install('one').output, /has these files already\n$/);

  if (name !== 'caddy') {
    // Apache would end at the reload, HAProxy refuse clients for a while, and nginx say nothing.
    const taken = install('unheard', TAKEN_PORT);
    assert.match(
      taken.output,
      /does not take the new files: cannot listen at 127.0.0.1:3001: another program does .*node/,
    );
    await inForce(host, port, 'one');
  }
  const second = install('two');
  assert.equal(second.code, 0, second.output);
  assert.match(second.output, /^-.*one/m);
  assert.match(second.output, /^\+.*two/m);
  assert.doesNotMatch(second.output, /^[+-].*8081/m, 'only what changes is shown');
  await inForce(host, port, 'two');

  const installed = host.run('cat', file);
  if (name === 'caddy') {
    host.run('systemctl', 'stop', unit);
    assert.match(install('unheard').output, /Cannot put the new files into force: .*refused/);
    assert.equal(host.run('cat', file), installed);
    host.run('systemctl', 'start', unit);
  }
  host.shell(mistake);
  const third = install('three');
  assert.equal(third.code, 1, third.output);
  assert.match(third.output, /does not take the new files: .*nonsense/i);
  assert.equal(host.run('cat', file), installed);
  await inForce(host, port, 'two');
}

/** As it says itself. */
function enableModules(host: InitHost, refusal: string): void {
  const [command = ''] = /a2enmod [\w ]+/.exec(refusal) ?? [];
  assert.match(refusal, /does not take the new files: .* This file needs mod_\w+, and all of: a2enmod/);
  assert.notEqual(host.shell('ls /etc/apache2/sites-enabled/holdfast.conf').code, 0, 'it is not enabled');
  const { code, output } = host.shell(`${command} && systemctl restart apache2`);
  assert.equal(code, 0, output);
}

async function inForce(host: InitHost, port: number, word: string): Promise<void> {
  let last = '';
  const asked = `curl -si --max-time 5 -H 'Host: example.test' http://127.0.0.1:${port}/`;
  await until(
    () => {
      last = host.shell(asked).output;
      return last.endsWith('the app') && last.toLowerCase().includes(`x-word: ${word}`);
    },
    { why: 'the new configuration answers', every: 30 },
  ).catch((error) => {
    throw new Error(`${String(error)}\n${last}`);
  });
}

function config(port: number, word: string): string {
  return JSON.stringify({
    apps: { web: { run: 'app.js', port: APP_PORT } },
    sites: { 'example.test': { routes: { '/': 'web' }, headers: { 'X-Word': word } } },
    listen: { http: `127.0.0.1:${port}` },
  });
}

function put(host: InitHost, path: string, text: string): void {
  const quoted = text.replaceAll("'", `'\\''`);
  const { code, output } = host.shell(`mkdir -p "$(dirname ${path})" && printf '%s\\n' '${quoted}' >${path}`);
  assert.equal(code, 0, output);
}
