/** What is told as lost: what somebody misses, in words that they have written themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageVersion } from '../../src/cli/export/project-facts.ts';
import { appDefaults } from '../../src/config/app-defaults.ts';
import { usualRestart } from '../../src/exporters/app-losses.ts';
import { summaries } from '../../src/exporters/summaries.ts';
import { targets } from '../../src/exporters/targets.ts';
import { optionsFor, plain } from './plans.ts';

test('each target has a line in the list of targets', () => {
  const listed = summaries.flatMap(({ of }) => Object.keys(of));
  assert.deepEqual(listed.sort(), Object.keys(targets).sort());
});

test('of a plain app nothing is told in words that nobody has written', () => {
  for (const isUsual of Object.values(usualRestart)) assert.ok(isUsual(appDefaults.restart));
  for (const [name, target] of Object.entries(targets)) {
    const { losses } = target.export(plain, optionsFor(plain));
    const noise = losses.filter(({ setting }) =>
      /\.(?:guest|PATH|minUptime|backoff|giveUpAfter)$/.test(setting),
    );
    assert.deepEqual(noise, [], name);
  }
});

test('what only a daemon does is told by everything that stands in its place', () => {
  const plan = {
    ...plain,
    notify: [{}] as never,
    metrics: { ...plain.metrics, listen: { host: '', port: 1 } },
  };
  for (const [name, target] of Object.entries(targets)) {
    if (target.kind !== 'init' && target.kind !== 'platform') continue;
    const { losses } = target.export(plan, { ...optionsFor(plan), variables: ['DATABASE_URL'] });
    const told = losses.map(({ setting }) => setting);
    assert.deepEqual(
      ['notify', 'metrics', 'hold env'].filter((setting) => !told.includes(setting)),
      [],
      name,
    );
  }
});

test('an image has the Node that the project says, or the one that runs it here', () => {
  assert.deepEqual(
    [null, '22', '22.5.1', '>=20.19', '^20.19 || ^22', '24.x'].map((range) => imageVersion(range, '24.3.0')),
    ['24', '22', '22.5.1', '24', '20', '24'],
  );
});
