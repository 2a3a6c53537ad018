import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sealForeignWords } from './foreign.ts';

test("the words of forever's and PM2's command lines are theirs, ours stay ours", () => {
  const sealed = (line: string) => sealForeignWords(line.split(' ')).join(' ');
  assert.equal(sealed('forever start -l a.log app.js --json'), 'forever -- start -l a.log app.js --json');
  assert.equal(sealed('--home /x --json forever -h'), '--home /x --json forever -- -h');
  assert.equal(sealed('--home=/x pm2 ls'), '--home=/x pm2 -- ls');
  for (const line of ['start forever --json', '--home forever ls', 'ls', '', '--json']) {
    assert.equal(sealed(line), line);
  }
});
