import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { planOf, readConfig } from '../config/load.ts';
import { HoldfastError } from '../errors.ts';
import { RecordFiles } from './records.ts';

test('the plan of a release is what its configuration said before the build, and comes back as it was', async (t) => {
  const dir = tempDir(t);
  const file = join(dir, 'holdfast.config.mjs');
  const write = (script: string) =>
    writeFileSync(file, `export default { apps: { web: { run: '${script}' } } }`);
  write('dist/server.js');
  const config = await readConfig({ cwd: dir, env: {} });
  // As a build could do.
  write('stolen.js');
  assert.throws(() => planOf(config, { env: {} }), /dist\/server\.js/);
  mkdirSync(join(dir, 'dist'));
  writeFileSync(join(dir, 'dist/server.js'), '');
  const plan = planOf(config, { env: {} });
  assert.match(JSON.stringify(plan.apps.web?.command), /dist\/server\.js/);
  const records = new RecordFiles(join(dir, 'records'));
  assert.equal(records.readPlan('1'), null);
  records.writePlan('1', plan);
  assert.deepEqual(records.readPlan('1'), plan);
  assert.equal(statSync(join(dir, 'records/1/plan.json')).mode & 0o777, 0o600);
  writeFileSync(join(dir, 'records/1/plan.json'), '{');
  assert.throws(
    () => records.readPlan('1'),
    (error) => error instanceof HoldfastError && error.code === 'RELEASE_REFUSED',
  );
});
