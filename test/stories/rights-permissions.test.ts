/** Node's permission model, on every Node: the app can do what it was allowed, and Holdfast's part in it works. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configure } from '../support/config-file.ts';
import { happened } from '../support/journal.ts';
import { allNodes } from '../support/nodes.ts';
import { freePort } from '../support/ports.ts';
import { script } from '../support/scripts.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** Says what it may, by trying. Its dependency lies in a directory above, as in a monorepo. */
const TRY = `
const fs = require('node:fs');
const attempt = (action) => { try { action(); return 'yes'; } catch (error) { return error.code; } };
const tried = () => ({
  dependency: require('dependency'),
  own: attempt(() => fs.readFileSync(__filename)),
  strange: attempt(() => fs.readFileSync('/etc/hostname')),
  write: attempt(() => fs.writeFileSync('written', 'x')),
  upload: attempt(() => fs.writeFileSync('uploads/one', 'x')),
  program: attempt(() => require('node:child_process').execFileSync('true')),
  worker: attempt(() => new (require('node:worker_threads').Worker)('0', { eval: true })),
});
require('node:http').createServer((req, res) => res.end(JSON.stringify(tried()))).listen(process.env.PORT);
`;

const DENIED = 'ERR_ACCESS_DENIED';

for (const node of allNodes()) {
  test(`Node ${node.major}: an app may do what its permissions say, held port and edge work`, async (t) => {
    const home = testHome(t, { node: node.path });
    mkdirSync(join(home.dir, 'node_modules', 'dependency'), { recursive: true });
    writeFileSync(join(home.dir, 'node_modules', 'dependency', 'index.js'), 'module.exports = "here";');
    mkdirSync(join(home.dir, 'app', 'uploads'), { recursive: true });
    const run = script(home, 'app/try.js', TRY);
    const [held, edge] = [await freePort(), await freePort()];
    const app = { run, cwd: './app', instances: 2, permissions: { fs: { write: ['./uploads/*'] } } };
    configure(home, {
      apps: {
        held: { ...app, port: held },
        routed: { ...app, permissions: { ...app.permissions, worker: true } },
      },
      sites: { '*': { routes: { '/': 'routed' } } },
      listen: { http: `127.0.0.1:${edge}` },
    });
    await home.ok(['up']);
    const ask = async (port: number) => (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as object;
    const expected = {
      dependency: 'here',
      own: 'yes',
      strange: DENIED,
      write: DENIED,
      upload: 'yes',
      program: DENIED,
      worker: DENIED,
    };
    assert.deepEqual(await ask(held), expected);
    assert.deepEqual(await ask(edge), { ...expected, worker: 'yes' });
    await home.ok(['reload', 'routed']);
    assert.deepEqual(await ask(edge), { ...expected, worker: 'yes' });
  });

  test(`Node ${node.major}: an app without the network, or the word that this Node cannot do that`, async (t) => {
    const home = testHome(t, { node: node.path });
    const run = script(
      home,
      'offline.js',
      `try { require('node:net').connect(1, '127.0.0.1').on('error', (e) => console.log('tried: ' + e.code)); }
      catch (error) { console.log('tried: ' + error.code); }
      setInterval(() => {}, 1000);`,
    );
    configure(home, { apps: { quiet: { run, ready: 'started', permissions: { net: false } } } });
    await home.ok(['up']);
    if (node.major < 25) {
      const { reason = '' } = await happened(home, 'limit.unavailable', { about: 'quiet' });
      assert.match(reason, /permissions\.net is not kept: Node \d+\.\d+\.\d+ cannot do that/);
      return;
    }
    await home.ready('quiet', 1);
    const said = async () => (await home.ok(['logs', 'quiet'])).stdout;
    await until(async () => (await said()).includes(`tried: ${DENIED}`), { why: 'it has tried' });
  });
}
