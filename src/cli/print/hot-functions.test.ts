import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CpuProfile, hotFunctions, shortPlace } from './hot-functions.ts';

function node(id: number, functionName: string, url = '', lineNumber = -1): CpuProfile['nodes'][number] {
  return { id, callFrame: { functionName, url, lineNumber } };
}

test('the time up to the next look belongs to a function, wherever it was called from', () => {
  const { functions, idleMs, totalMs } = hotFunctions({
    nodes: [
      node(1, '(root)'),
      node(2, 'hash', 'file:///app/my%20work.js', 4),
      node(3, 'hash', 'file:///app/my%20work.js', 4),
      node(4, '', 'node:internal/timers', 9),
      node(5, '(idle)'),
      node(6, '(garbage collector)'),
    ],
    samples: [5, 2, 3, 4, 6, 99, 2],
    timeDeltas: [500, 1000, 20_000, 30_000, 4000, 2000, 700],
  });
  assert.deepEqual(functions, [
    { name: 'hash', place: '/app/my work.js:5', selfMs: 50 },
    { name: '(anonymous)', place: 'node:internal/timers:10', selfMs: 4 },
    { name: 'garbage collector', place: '', selfMs: 2 },
  ]);
  assert.equal(idleMs, 1);
  assert.equal(totalMs, 57);
});

test('a profile without samples, and times that go backwards, do no harm', () => {
  assert.deepEqual(hotFunctions({ nodes: [] }), { functions: [], idleMs: 0, totalMs: 0 });
  const backwards = { nodes: [node(1, 'a', 'file:///%', 0)], samples: [1, 1], timeDeltas: [0, -5] };
  assert.deepEqual(hotFunctions(backwards), { functions: [], idleMs: 0, totalMs: 0 });
});

test('places are short in a table, and keep their package', () => {
  assert.equal(shortPlace('/app/src/work.js:5'), 'work.js:5');
  assert.equal(shortPlace('/app/node_modules/@a/b/lib/c.js:7'), '@a/b/lib/c.js:7');
  assert.equal(shortPlace('node:internal/timers:10'), 'node:internal/timers:10');
});
