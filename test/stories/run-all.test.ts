/** `hold run-all`: Holdfast as the main program of a container. The container is made by hand: own processes, own mounts, nobody's rights. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cleanup } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { allNodes } from '../support/nodes.ts';
import { freePort } from '../support/ports.ts';
import { requireProgram, unavailable } from '../support/programs.ts';
import { root } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { startProgram, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** Leaves processes behind, dies, and takes its time to go: as it is asked. */
const APP = `
const { execFileSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const answers = {
  '/pid': () => process.pid,
  // A grandchild whose parent is gone.
  '/orphan': () => execFileSync('sh', ['-c', 'sleep 0.05 >/dev/null 2>&1 & echo $!'], { encoding: 'utf8' }).trim(),
  '/die': () => process.kill(process.pid, 'SIGKILL'),
  '/said': () => process.env.SAID,
};
require('node:http').createServer((request, response) => {
  const [, path, pid] = request.url.match(/^(\\/\\w+)(?:\\/(\\d+))?/);
  response.end(String(path === '/exists' ? existsSync('/proc/' + pid) : answers[path]()));
}).listen(process.env.PORT);
console.log('up');
console.error('really');
process.on('SIGTERM', () => setInterval(() => existsSync('go') && (console.log('bye'), process.exit(0)), 10));
`;

describe('everything in a container', { concurrency: true }, () => {
  test('as process 1, without root, on a read-only disk: nothing stays behind, and it ends in order', async (t) => {
    // Node 20 cannot be replaced by a shell.
    const node = allNodes().findLast(({ major }) => major >= 24);
    if (process.platform !== 'linux' || process.getuid?.() !== 0 || !node)
      return unavailable(t, 'a container needs Linux, root and Node 24');
    for (const program of ['unshare', 'setpriv', 'mount']) if (!requireProgram(t, program)) return;
    const home = testHome(t);
    chmodSync(home.dir, 0o755);
    const [port, health] = [await freePort(), await freePort()];
    script(home, 'app.js', APP);
    configure(home, { apps: { web: { run: 'app.js', port } } });
    writeFileSync(join(home.dir, 'node'), '');
    for (const dir of ['holdfast', 'tmp']) mkdirSync(join(home.dir, dir));
    const steps = [
      'set -e; cd "$1"',
      'mount --bind "$2" node; mount --bind "$3" holdfast; mount -t tmpfs -o mode=1777 tmpfs tmp',
      'mount -o remount,bind,ro /',
      'exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --no-new-privs \\',
      '  env -i PATH="$1:/usr/bin:/bin" TMPDIR="$1/tmp" SAID=hello "$1/node" "$1/holdfast/bin/holdfast.js" run-all --health "127.0.0.1:$4"',
    ].join('\n');
    const container = startProgram(t, 'unshare', [
      ...['--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c', steps, 'sh'],
      ...[home.dir, node.path, root, String(health)],
    ]);
    // Not with its parent: whoever changes the user loses the signal for that.
    const init = await until(() => Number(childrenOf(container.child.pid)), { why: 'process 1 is there' });
    cleanup(t, () => container.child.exitCode ?? process.kill(init, 'SIGKILL'));
    const ask = async (path: string, at = port) => {
      const response = await fetch(`http://127.0.0.1:${at}${path}`, { headers: { connection: 'close' } });
      return { status: response.status, text: (await response.text()).trim() };
    };
    const status = (path: string) => ask(path, health).then(({ status: code }) => code);
    await until(async () => (await status('/readyz')) === 200, { why: 'all is ready' }).catch((error) => {
      throw new Error(`${container.stdout()}${container.stderr()}`, { cause: error });
    });
    assert.equal(await status('/healthz'), 200);
    assert.equal((await ask('/said')).text, 'hello');

    const { text: orphan } = await ask('/orphan');
    await until(async () => (await ask(`/exists/${orphan}`)).text === 'false', {
      why: 'somebody waited for the orphan',
    });

    const { text: first } = await ask('/pid');
    await ask('/die').catch(() => undefined);
    await until(async () => (await ask('/pid')).text !== first, { why: 'another process answers' });

    process.kill(init, 'SIGTERM');
    await until(async () => (await status('/readyz')) === 503, { why: 'it wants no more requests' });
    assert.equal(await status('/healthz'), 200);
    writeFileSync(join(home.dir, 'go'), '');
    await until(() => container.child.exitCode !== null, { why: 'the container has ended' });
    assert.equal(container.child.exitCode, 0, container.stderr());
    const lines = container.lines().map((line) => JSON.parse(line));
    assert.deepEqual(
      lines
        .map(({ app, instance, stream, line }) => [app, instance, stream, line])
        .filter(([, , s]) => s === 'out'),
      ['up', 'up', 'bye'].map((line) => ['web', 'web.0', 'out', line]),
    );
    assert.ok(lines.some(({ stream, line }) => stream === 'err' && line === 'really'));
  });

  test('when all have ended by themselves it ends, too, with the code of the last', async (t) => {
    const home = testHome(t);
    configure(home, {
      apps: { once: { run: ['node', '-e', "console.log('done'); process.exitCode = 3"], restart: 'never' } },
    });
    const { code, stdout, stderr } = await home.run(['run-all', '--plain']);
    assert.equal(code, 3, stderr);
    assert.match(stdout, / once\.0 \| done$/m);
  });

  test('an app that is given up ends all, and whoever runs the container hears of it', async (t) => {
    const home = testHome(t);
    configure(home, {
      apps: {
        bad: {
          run: ['node', '-e', 'process.exit(1)'],
          // With pauses of this length it would be tried for minutes.
          restart: { backoff: ['20s', '30s'], giveUpAfter: { crashes: 2, within: '8s' } },
        },
        good: { run: 'sleep 1000' },
      },
    });
    const { code, stderr } = await home.run(['run-all']);
    assert.equal(code, 1);
    assert.match(stderr, /"line":"bad has failed for good: all is stopped"/);
    assert.match(stderr, /"instance":"good\.0".*"event":"instance\.stopped"/);
  });
});

function childrenOf(pid = 0): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
}
