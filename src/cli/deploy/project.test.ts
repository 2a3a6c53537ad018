import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { releaseRecord } from '../../../test/support/release-record.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { releasePaths } from '../../release/paths.ts';
import { RecordFiles } from '../../release/records.ts';
import { deployedProject } from './project.ts';

test('a broken configuration is not in the way of the only project; of several one must be named', async (t) => {
  const cwd = tempDir(t);
  const home = join(cwd, 'home');
  const said: string[] = [];
  const err = { line: (text: string) => said.push(text) };
  const about = (options = {}) =>
    deployedProject({ cwd, env: {}, home, err } as unknown as Parameters<typeof deployedProject>[0], options);
  const add = (project: string) =>
    new RecordFiles(releasePaths(home, project).records).write(releaseRecord('20261123-120000-aaaaaaa'));
  await assert.rejects(about(), { code: 'CONFIG_NOT_FOUND' });
  add('shop');
  assert.equal(await about(), 'shop');
  writeFileSync(join(cwd, 'holdfast.config.json'), '{ "apps": ');
  assert.equal(await about(), 'shop');
  assert.match(
    said.at(-1) ?? '',
    /about "shop", the only project with releases here: .*holdfast\.config\.json/,
  );
  await assert.rejects(about({ file: 'holdfast.config.json' }), { hint: 'Say --project shop' });
  add('blog');
  await assert.rejects(about(), { code: /^CONFIG_/, hint: 'Say --project blog, or --project shop' });
  assert.equal(await about({ project: 'blog' }), 'blog');
});
