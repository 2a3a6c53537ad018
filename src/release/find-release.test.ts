import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { releaseRecord } from '../../test/support/release-record.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import type { ReleaseRecord } from '../protocol/release.ts';
import { anyRelease, findRelease } from './find-release.ts';
import { RecordFiles } from './records.ts';

const at = (minute: number) => `2026-11-23T12:0${minute}:00.000Z`;

function project(t: TestContext) {
  const root = tempDir(t);
  const paths = {
    records: join(root, 'records'),
    releases: join(root, 'releases'),
    current: join(root, 'current'),
  };
  mkdirSync(paths.releases, { recursive: true });
  const records = new RecordFiles(paths.records);
  return {
    paths,
    add(id: string, more: Partial<ReleaseRecord> = {}, withFiles = true) {
      records.write(releaseRecord(id, more));
      if (withFiles) mkdirSync(join(paths.releases, id));
    },
    serves: (id: string) => symlinkSync(`releases/${id}`, paths.current),
    back: (typed?: string) => findRelease(paths, typed).id,
  };
}

test('without a name it is the one that served last, also when it was not written down until when', (t) => {
  const { add, serves, back, paths } = project(t);
  assert.throws(() => back(), { code: 'RELEASE_UNKNOWN', message: /none has served before/ });
  add('20261123-120100-aaaaaaa', { servedFrom: at(1), servedUntil: at(2) });
  add('20261123-120200-bbbbbbb', { servedFrom: at(2), servedUntil: null });
  add('20261123-120300-ccccccc', { servedFrom: at(3), servedUntil: null, outcome: 'serving' });
  add('20261123-120400-ddddddd', { outcome: 'failed' });
  serves('20261123-120300-ccccccc');
  assert.equal(back(), '20261123-120200-bbbbbbb');
  assert.equal(findRelease(paths, 'aaaa').id, '20261123-120100-aaaaaaa');
});

test('what has never served, or whose files are gone, is none to go back to, and it says what to do', (t) => {
  const { add, back, paths } = project(t);
  const source = { ...releaseRecord('x').source, commit: 'ddddddd0123456789' };
  add('20261123-120100-ddddddd', { servedFrom: at(1), servedUntil: at(2), source });
  add('20261123-120200-ddddddd', { outcome: 'failed', source });
  add('20261123-120300-eeeeeee', { outcome: 'failed' });
  add('20261123-120400-fffffff', { servedFrom: at(4), servedUntil: at(5), source }, false);
  assert.equal(back('ddddddd'), '20261123-120100-ddddddd', 'not the later one, which has failed');
  assert.throws(() => back('20261123-120200-ddddddd'), {
    code: 'RELEASE_UNKNOWN',
    message: 'Cannot go back to "20261123-120200-ddddddd": it has never served',
    hint: 'Make it anew: `hold deploy --ref ddddddd01234`',
  });
  assert.throws(() => back('eeeeeee'), { message: /never served/, hint: /: `hold deploy`$/ });
  add('20261123-120050-9999999', { outcome: 'rolledBack' });
  assert.throws(() => back('9999999'), { message: /: it was taken back while it was watched$/ });
  assert.throws(() => back('fffffff'), { message: /its files are gone/, hint: /--ref ddddddd01234/ });
  assert.throws(() => back('zzzzzzz'), { message: 'There is no release "zzzzzzz"' });
  assert.throws(() => back('eeeeefe'), { message: 'There is no release "eeeeefe": did you mean "eeeeeee"?' });
  assert.throws(() => anyRelease(paths, '20261123'), { message: /^Several releases are called/ });
  assert.equal(anyRelease(paths, undefined).id, '20261123-120400-fffffff');
  // To be looked at, any will do; of one commit the newest.
  assert.equal(anyRelease(paths, 'ddddddd').id, '20261123-120200-ddddddd');
});
