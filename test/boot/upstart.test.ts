import assert from 'node:assert/strict';
import { test } from 'node:test';
import { upstart } from '../../src/boot/inits/upstart.ts';
import { upstartProblems } from './upstart-job.ts';

const user = { name: 'deploy', uid: 1000, group: 'deploy', groups: ['deploy'], home: '/home/deploy' };
const site = {
  init: 'upstart',
  scope: 'system',
  name: 'holdfast-deploy',
  home: '/home/deploy/.holdfast',
  user,
  scanDir: null,
} as const;

function job(programs: readonly string[], uid: number): string {
  const { files } = upstart({ ...site, user: { ...user, uid }, programs: new Set(programs) });
  const content = files[0]?.content;
  return content && 'text' in content ? content.text : '';
}

test('the job of Upstart keeps to the grammar of init(5), whoever it runs as', () => {
  for (const text of [job(['setpriv'], 1000), job([], 1000), job([], 0)])
    assert.deepEqual(upstartProblems(text), []);
  assert.match(job([], 1000), /^setuid deploy$/m);
  assert.doesNotMatch(job(['setpriv'], 1000), /^setuid/m);
});

test('the checker of that grammar knows mistakes', () => {
  const wrong = {
    'respawn limit 5': 'respawn takes two numbers',
    'kill timeout ten': 'no number',
    'limit files 10 10': 'no such limit',
    'start on runlevel [2345] and': 'nothing after and',
    setuid: 'no user',
    'restart always': 'no such stanza',
    'script\necho': 'no end',
  };
  for (const [line, why] of Object.entries(wrong)) {
    assert.notDeepEqual(upstartProblems(`exec /bin/true\n${line}\n`), [], why);
  }
  assert.notDeepEqual(upstartProblems('respawn\n'), [], 'nothing to run');
  const fine =
    'start on (local-filesystems and net-device-up IFACE!=lo) or runlevel [2345]\nexec /bin/true # yes\n';
  assert.deepEqual(upstartProblems(fine), []);
});
