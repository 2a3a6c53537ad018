/** What `hold export systemd` writes runs under a real systemd: units start, come back, stop gracefully, as the right user. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.ts';
import { type InitHost, initHost } from '../support/init-host.ts';
import { unavailable } from '../support/programs.ts';
import { until } from '../support/until.ts';

const SERVER = `
const http = require('node:http');
const fs = require('node:fs');
const answer = () => JSON.stringify({
  pid: process.pid, uid: process.getuid(), home: process.env.HOME, port: process.env.PORT, slot: process.env.HOLDFAST_INSTANCE,
  word: process.env.WORD, secret: process.env.TOKEN_OF_FILE, key: process.env.API_KEY, arg: process.argv[2], umask: process.umask(),
});
const eaten = [];
const eat = () => eaten.push(Buffer.alloc(2e7, 1)) < 40 && setImmediate(eat);
const server = http.createServer((req, res) => {
  res.end(answer());
  if (req.url === '/block') res.once('finish', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  if (req.url === '/eat') eat();
}).listen(process.env.PORT);
process.on('SIGINT', () => server.close(() => {
  fs.writeFileSync('/srv/web/stopped-' + process.env.PORT, 'gracefully');
  process.exit();
}));
`;
/** It loads for longer than its watchdog waits, and has a thread that is never blocked. */
const SLOW = `
const { Worker, isMainThread } = require('node:worker_threads');
if (isMainThread) {
  new Worker(__filename);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6000);
  require('./server.js');
} else setInterval(() => {}, 1000);
`;
const JOB = `require('node:fs').writeFileSync('/srv/web/job', String(process.getuid()))`;

function config(word: string, changes: object = {}, others: object = {}): string {
  const web = {
    run: ['server.js', 'for $PORT'],
    instances: 2,
    port: 3000,
    env: { WORD: word, API_KEY: 'not-in-a-file' },
    secrets: { TOKEN_OF_FILE: '/etc/token' },
    umask: '027',
    stop: { signal: 'SIGINT' },
    restart: { backoff: ['100ms', '200ms'] },
    memory: { hard: '300MB' },
    // Longer than a busy machine lets an app wait.
    watchdog: '5s',
  };
  const job = { run: 'job.js', cron: '* * * * * *' };
  const broken = {
    run: 'broken.js',
    restart: { backoff: ['10ms', '20ms'], giveUpAfter: { crashes: 3, within: '1m' } },
  };
  return JSON.stringify({
    apps: { web: { ...web, ...changes }, other: { run: 'slow.js', watchdog: '5s' }, job, broken },
    ...others,
  });
}

const UNITS = ['holdfast-web@3000.service', 'holdfast-other@4000.service', 'holdfast-job.service'];
/** Why systemd ends them. Where control groups are of version 1, it does not hear why the kernel has killed one. */
const ENDS = {
  '3000/block': /Failed with result 'watchdog'/,
  '3001/eat': /Failed with result '(?:oom-kill|signal)'/,
  '4000/block': /Failed with result 'watchdog'/,
};
let done = false;

/** One after the other, until the restart is done; curl says 7 when it cannot connect. */
const CROWD = `
systemctl restart holdfast-web@3000.service & restart=$!
refused=0 asked=0
while [ $asked -lt 20 ] || kill -0 $restart 2>/dev/null; do
  curl -s -o /dev/null --max-time 20 http://127.0.0.1:3000/
  [ $? != 7 ] || refused=$((refused + 1))
  asked=$((asked + 1))
done
wait $restart && echo "$refused refused of $asked"`;

test('apps run under systemd as exported', async (t) => {
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
  cleanup(t, () => {
    if (!done) t.diagnostic(host.shell('journalctl -b -u "holdfast-*" --no-pager -o short-monotonic').output);
  });
  await host.boot().catch((error) => {
    unavailable(t, `systemd does not boot here: ${String(error)}`);
    throw error;
  });
  // As systemd does it where it does not think that it is in a container; credentials need it.
  host.run('mount', '--make-rshared', '/');
  put(host, '/srv/web/server.js', SERVER);
  put(host, '/srv/web/slow.js', SLOW);
  put(host, '/srv/web/job.js', JOB);
  put(host, '/srv/web/broken.js', 'process.exit(1)');
  put(host, '/etc/token', 'of a file\n');
  host.run('chown', '-R', 'deploy', '/srv/web');
  host.run('chmod', '600', '/etc/token');
  put(host, '/etc/holdfast/holdfast-web.env', 'API_KEY=of-a-person\n');

  const said = install(host, 'one');
  assert.doesNotMatch(said, /not-in-a-file|of-a-person/);
  const first = await answer(host, 3000);
  const uid = Number(host.run('id', '-u', 'deploy'));
  assert.deepEqual(first, {
    pid: first.pid,
    uid,
    home: '/home/deploy',
    port: '3000',
    slot: '0',
    word: 'one',
    secret: 'of a file',
    key: 'of-a-person',
    arg: 'for 3000',
    umask: 0o027,
  });
  assert.equal((await answer(host, 3001)).slot, '1');
  assert.equal(property(host, 'holdfast-web@3000', 'MainPID'), String(first.pid), 'no shell remains');
  for (const unit of UNITS) {
    const score = host.run('systemd-analyze', 'security', '--no-pager', unit);
    const exposure = Number(/level for \S+: ([\d.]+)/.exec(score)?.[1]);
    assert.ok(exposure <= 4, `${unit} is exposed: ${exposure}`);
  }
  await until(() => host.shell('cat /srv/web/job').output === String(uid), { why: 'the clock ran the job' });
  await until(() => property(host, 'holdfast-broken@4001', 'ActiveState') === 'failed', {
    why: 'it gave up',
  });

  host.run('kill', '-9', String(first.pid));
  const second = await until(
    async () => {
      const now = await answer(host, 3000);
      return now.pid === first.pid ? undefined : now;
    },
    { why: 'it came back' },
  );
  assert.equal(second.secret, 'of a file');

  const other = property(host, 'holdfast-other@4000', 'MainPID');
  assert.match(install(host, 'one'), /has these files already/);
  const routed = { sites: { 'example.com': { routes: { '/': 'web' } } } };
  install(host, 'two', routed);
  assert.equal((await answer(host, 3000)).word, 'two');
  assert.equal(
    property(host, 'holdfast-other@4000', 'MainPID'),
    other,
    'what has not changed was not restarted',
  );
  assert.equal(host.run('cat', '/etc/holdfast/holdfast-web.env'), 'API_KEY=of-a-person\n');

  const refused = host.shell(`${command(host, 'three', {}, { cwd: '/srv/nowhere' })} 2>&1`);
  assert.notEqual(refused.code, 0, refused.output);
  assert.equal((await answer(host, 3001)).word, 'two', 'what was there still runs');

  // systemd holds the port.
  const crowd = host.shell(CROWD);
  assert.match(crowd.output, /^0 refused of \d\d+$/m, 'nobody is refused while it restarts');
  host.run('systemctl', 'stop', 'holdfast-web@3000.service');
  assert.equal(property(host, 'holdfast-web@3000', 'ActiveState'), 'inactive');
  const woken = await answer(host, 3000);
  assert.equal(woken.slot, '0', 'who comes starts it, and is answered');

  await answer(host, 4000);
  assert.equal(property(host, 'holdfast-other@4000', 'NRestarts'), '0', 'it may load for longer');
  const ask = Object.keys(ENDS).map((at) => `curl -s --max-time 5 http://127.0.0.1:${at} &`);
  host.shell(`${ask.join(' ')} wait`);
  for (const [at, why] of Object.entries(ENDS)) {
    const unit = `holdfast-${at.startsWith('4000') ? 'other' : 'web'}@${at.slice(0, 4)}`;
    await until(() => why.test(host.run('journalctl', '-b', '-u', unit, '--no-pager', '-o', 'cat')), {
      why: `${unit} has ended at ${at}: ${why}`,
    });
  }
  for (const port of [3000, 3001]) await answer(host, port);

  host.run('sh', '-c', 'rm /srv/web/stopped-*');
  // It does not wait for the services.
  host.run('systemctl', 'stop', 'holdfast.target');
  for (const unit of ['holdfast-web@3000', 'holdfast-web@3001', 'holdfast-other@4000']) {
    await until(() => property(host, unit, 'ActiveState') === 'inactive', { why: `${unit} is stopped` });
  }
  assert.equal(host.run('cat', '/srv/web/stopped-3000', '/srv/web/stopped-3001'), 'gracefullygracefully');
  done = true;
});

interface Answer {
  readonly pid: number;
  readonly slot: string;
  readonly word?: string;
  readonly secret?: string;
}

function answer(host: InitHost, port: number): Promise<Answer> {
  return until(
    () => {
      const { output } = host.shell(`curl -s --max-time 5 http://127.0.0.1:${port}/`);
      return output === '' ? undefined : (JSON.parse(output) as Answer);
    },
    { why: `port ${port} answers` },
  );
}

function put(host: InitHost, path: string, text: string): void {
  const quoted = text.replaceAll("'", `'\\''`);
  const { code, output } = host.shell(`mkdir -p "$(dirname ${path})" && printf %s '${quoted}' >${path}`);
  assert.equal(code, 0, output);
}

function command(host: InitHost, word: string, others: object = {}, changes: object = {}): string {
  put(host, '/srv/web/holdfast.config.json', config(word, changes, others));
  return 'cd /srv/web && hold export systemd --user deploy --node /usr/local/bin/node --install --yes';
}

function install(host: InitHost, word: string, others: object = {}): string {
  const { code, output } = host.shell(command(host, word, others));
  assert.equal(code, 0, output);
  return output;
}

function property(host: InitHost, unit: string, name: string): string {
  return host.run('systemctl', 'show', '-P', name, unit).trim();
}
