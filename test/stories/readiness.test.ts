/** When an instance counts as ready is what the app's plan says; until then nobody relies on it, and too late is a failure. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { AppConfig } from '../../src/config/config-types.ts';
import type { CrashRecord } from '../../src/protocol/api.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { requireProgram } from '../support/programs.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

function write(home: TestHome, web: Partial<AppConfig>): void {
  configure(home, { apps: { web: { run: 'app.js', readyTimeout: '30s', ...web } } });
}

/** Becomes ready when there is a file `go`. */
const whenTold = (ready: string) => `const fs = require('node:fs');
const http = require('node:http');
const look = setInterval(() => {
  if (!fs.existsSync('go')) return;
  clearInterval(look);
  ${ready}
}, 20);
setInterval(() => {}, 1000);
`;

/** Starts it, sees that it is not ready before it says so, and ready then. */
async function readyOnlyWhenTold(home: TestHome, between: () => Promise<void> = async () => undefined) {
  const up = home.background(['up']);
  await happened(home, 'instance.spawned', { about: 'web.0' }).catch(async (error) => {
    throw new Error(`${error.message}\n${up.stderr()}`);
  });
  await between();
  assert.deepEqual(events(home, 'instance.ready'), []);
  script(home, 'go', '');
  await happened(home, 'instance.ready', { about: 'web.0' });
}

describe("process.send('ready')", () => {
  test('makes it ready', async (t) => {
    const home = testHome(t);
    script(home, 'app.js', whenTold("process.send('ready');"));
    write(home, { ready: 'message' });
    await readyOnlyWhenTold(home);
  });

  test('also when another daemon has taken over meanwhile', async (t) => {
    const home = testHome(t);
    script(home, 'app.js', whenTold("process.send('ready');"));
    write(home, { ready: 'message' });
    await readyOnlyWhenTold(home, async () => {
      process.kill(home.daemonPid(), 'SIGKILL');
      await happened(home, 'instance.adopted', { about: 'web.0' });
    });
    assert.equal(events(home, 'instance.spawned').length, 1);
  });

  test('that never comes is a failure, which says what was missing', async (t) => {
    const home = testHome(t);
    script(home, 'app.js', 'setInterval(() => {}, 1000);');
    write(home, { ready: 'message', readyTimeout: '500ms' });
    const { code, stderr } = await home.run(['up']);
    assert.equal(code, 1);
    assert.match(stderr, /web\.0 did not start: not ready within 0\.5 s/);
    const crash = await until(async () => (await home.ok(['crashes', '--json'])).json<CrashRecord[]>()[0], {
      why: 'it is recorded',
      every: 100,
    });
    assert.equal(crash.diagnosis, "it has not called process.send('ready')");
  });
});

describe('a probe', () => {
  test('over HTTP: ready when it answers well, not when it listens', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const text = `http.createServer((req, res) => {
    res.statusCode = req.url === '/readyz' && !fs.existsSync('open') ? 503 : 200;
    res.end('pid ' + process.pid);
  }).listen(process.env.PORT, () => console.log('listens'));`;
    script(home, 'app.js', whenTold(text));
    write(home, { ready: { path: '/readyz' }, port });
    const up = home.background(['up']);
    await happened(home, 'instance.spawned');
    script(home, 'go', '');
    await until(async () => (await home.ok(['logs', 'web'])).stdout.includes('listens'), {
      why: 'it listens',
    });
    assert.deepEqual(events(home, 'instance.ready'), []);
    script(home, 'open', '');
    await happened(home, 'instance.ready');
    await until(() => up.child.exitCode === 0, { why: 'up is done' });
  });

  test('that fails in a reload leaves the old instances', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const app = (status: number) =>
      `require('node:http').createServer((req, res) => { res.statusCode = req.url === '/readyz' ? ${status} : 200; res.end('v' + ${status}); }).listen(process.env.PORT);`;
    script(home, 'app.js', app(200));
    write(home, { ready: { path: '/readyz' }, port, instances: 2, readyTimeout: '4s' });
    await home.ok(['up']);
    const before = (await home.ready('web', 2)).map(({ pid }) => pid);
    script(home, 'app.js', app(500));
    const { code, stderr } = await home.run(['reload', 'web']);
    assert.equal(code, 1);
    assert.match(stderr, /not ready within 4 s/);
    assert.deepEqual(
      (await home.ready('web', 2)).map(({ pid }) => pid),
      before,
    );
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'v200');
    const [crash] = (await home.ok(['crashes', '--json'])).json<CrashRecord[]>();
    assert.equal(crash?.diagnosis, 'GET /readyz answered 500');
  });

  test('by TCP, on a port that is not its own; and by a command', async (t) => {
    const other = await freePort();
    const probes = [{ tcp: other }, { command: 'test -e open' }] as const;
    for (const ready of probes) {
      const home = testHome(t);
      script(home, 'app.js', whenTold(`fs.writeFileSync('open', ''); http.createServer().listen(${other});`));
      write(home, { ready });
      await readyOnlyWhenTold(home);
      await home.ok(['down']);
      rmSync(home.paths.home, { recursive: true });
    }
  });
});

describe('sd_notify', () => {
  for (const name of ['perl', 'python3']) {
    test(`from ${name}: READY=1 makes it ready`, async (t) => {
      if (!requireProgram(t, name)) return;
      const home = testHome(t);
      script(home, 'notify.pl', NOTIFY_PERL);
      script(home, 'notify.py', NOTIFY_PYTHON);
      const file = name === 'perl' ? 'notify.pl' : 'notify.py';
      configure(home, { apps: { web: { run: `${name} ${file}`, ready: 'notify', watchdog: '1s' } } });
      await readyOnlyWhenTold(home);
      // It sends WATCHDOG=1 as long as the file is there.
      const [before] = await home.ready('web', 1);
      rmSync(`${home.dir}/go`);
      const { reason } = await happened(home, 'instance.unhealthy', { about: 'web.0' });
      assert.equal(reason, 'it did not send WATCHDOG=1 for 1s');
      script(home, 'go', '');
      const [after] = await home.ready('web', 1);
      assert.notEqual(after?.pid, before?.pid);
    });
  }
});

const NOTIFY_PERL = `use Socket; $| = 1;
die "no time" unless $ENV{WATCHDOG_USEC} == 1000000;
sub say_it { socket(my $s, PF_UNIX, SOCK_DGRAM, 0); send($s, shift, 0, sockaddr_un($ENV{NOTIFY_SOCKET})) or warn "send: $!"; }
select(undef, undef, undef, 0.05) until -e 'go';
say_it("STATUS=open\\nREADY=1\\n");
while (1) { say_it('WATCHDOG=1') if -e 'go'; select(undef, undef, undef, 0.1); }
`;

const NOTIFY_PYTHON = `import os, socket, time
assert os.environ['WATCHDOG_USEC'] == '1000000'
def say(text): socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(text.encode(), os.environ['NOTIFY_SOCKET'])
while not os.path.exists('go'): time.sleep(0.05)
say('STATUS=open\\nREADY=1\\n')
while True:
    if os.path.exists('go'): say('WATCHDOG=1')
    time.sleep(0.1)
`;
