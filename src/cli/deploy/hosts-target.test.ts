import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { holdfastThere, targetNamed } from './hosts-target.ts';

test('a target is found by its name, with each host once, and its program and home are said', async (t) => {
  const cwd = tempDir(t);
  const hosts = ['ann@app2', 'app1', 'ann@app2'];
  const production = { hosts, command: '~/bin/holdfast', home: '~/shop home', batch: 2 };
  writeFileSync(join(cwd, 'holdfast.config.json'), JSON.stringify({ name: 'shop', deploy: { production } }));
  const named = await targetNamed({ cwd, env: {} }, 'production', {});
  assert.deepEqual(named.hosts, ['ann@app2', 'app1']);
  assert.equal(named.project, 'shop');
  assert.deepEqual(holdfastThere(named.target, ['receive']), [
    './bin/holdfast',
    'receive',
    '--home',
    './shop home',
  ]);
  const one = await targetNamed({ cwd, env: {} }, 'production', { without: ['app1'] });
  assert.deepEqual(one.hosts, ['ann@app2']);
  for (const without of [['app2'], ['app1', 'ann@app2']])
    await assert.rejects(targetNamed({ cwd, env: {} }, 'production', { without }), { code: 'USAGE' });
  for (const name of ['live', 'toString'])
    await assert.rejects(targetNamed({ cwd, env: {} }, name, {}), {
      code: 'USAGE',
      hint: 'There is: production',
    });
});
