/** Numbers, lines of logs, places and words, as the page shows them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { event, historyOf, releases, smallWorld } from '../../../../test/support/dashboard-world.ts';
import { appPlan } from '../../../../test/support/plans.ts';
import { questionOf, Replies, titleOf } from './actions.ts';
import { parseAnsi, withoutAnsi } from './ansi.ts';
import { chartInWords, chartsOf, columnsOf } from './charts.ts';
import { formatAgo, formatCount, formatMs, formatRate, formatShare, formatTime } from './format.ts';
import { nothingPressed, type Pressed, press } from './keys.ts';
import { appended, foundIn, leftOut, markLine, prepended, searchProblem } from './log-line.ts';
import { link, logsOf, parseRoute, type Route } from './route.ts';
import { settingRows, variableRows } from './settings.ts';
import { SPARK_POINTS, sparkPath, thinned } from './spark.ts';
import { eventReason, eventSubject, eventTone, eventVerb, healthLine, placeOf } from './words.ts';

test('numbers are short and have units', () => {
  assert.deepEqual([0, 0.01, 3, 12.34, 230.4, 12_345, 2e6, null].map(formatCount), [
    '0',
    '<0.1',
    '3',
    '12.3',
    '230',
    '12.3k',
    '2M',
    '–',
  ]);
  assert.deepEqual([0, 3, 99.94, 100].map(formatRate), ['0.0', '3.0', '99.9', '100']);
  assert.deepEqual([0, 0.84, 12.6, 999.4, 999.6, 1240, 12_000].map(formatMs), [
    '0 ms',
    '0.8 ms',
    '13 ms',
    '999 ms',
    '1 s',
    '1.2 s',
    '12 s',
  ]);
  assert.deepEqual(
    [formatShare(0, 5), formatShare(1, 3), formatShare(1, 9000), formatShare(0, 0)],
    ['0 %', '33 %', '<0.1 %', '–'],
  );
  assert.equal(formatTime(65_000), '1m 5s');
});

test('how long ago something was, is said in one unit', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  assert.equal(formatAgo('2026-11-24T11:59:58Z', now), 'just now');
  assert.equal(formatAgo('2026-11-24T11:59:51.500Z', now), '8s ago');
  assert.equal(formatAgo('2026-11-24T09:30:00Z', now), '2h ago');
  assert.equal(formatAgo('2026-11-30T12:00:00Z', now), 'in 6d');
  assert.equal(formatAgo('never', now), '–');
});

test('every place has an address that leads to it, whatever is in its names', () => {
  const places: Route[] = [
    { page: 'overview' },
    { page: 'certificates' },
    { page: 'app', app: 'a/b ?#%' },
    { page: 'release', project: 'shop', id: '20261124-1' },
    logsOf('web', { query: '/a&b=c#?/', instance: 'web.0', stream: 'err' }),
    logsOf(null),
  ];
  for (const place of places) assert.deepEqual(parseRoute(link(place)), place);
  for (const wrong of ['#/nowhere', '#/apps', '#/releases/shop', '#/a/b/c/d', '#/events/x']) {
    assert.equal(parseRoute(wrong).page, 'unknown', wrong);
  }
  assert.deepEqual(parseRoute('#/apps/%E0%A4%A'), { page: 'app', app: '%E0%A4%A' });
});

test('of what a program writes for a terminal, colours stay, and all else goes', () => {
  assert.deepEqual(parseAnsi('a \x1b[1;31mred\x1b[39m bold\x1b[0m z'), [
    { text: 'a ', styles: [] },
    { text: 'red', styles: ['bold', 'red'] },
    { text: ' bold', styles: ['bold'] },
    { text: ' z', styles: [] },
  ]);
  const evil = '\x1b]8;;http://evil\x07click\x1b]8;;\x07 \x1b[2Jcls \x1b]0;title\x1b\\t \x07\r\x9b31m<b>';
  assert.equal(withoutAnsi(evil), 'click cls t 31m<b>');
  assert.deepEqual(parseAnsi('\x1b[38;5;200mx\x1b[38;2;1;2;31my'), [
    { text: 'x', styles: [] },
    { text: 'y', styles: [] },
  ]);
  assert.equal(withoutAnsi('cut in the middle \x1b['), 'cut in the middle ');
});

test('what was searched for is marked, also across colours, and a long line is cut', () => {
  const marked = markLine('an \x1b[31mERR\x1b[0mor of errors', 'error');
  assert.equal(marked.map(({ text }) => text).join(''), 'an ERRor of errors');
  assert.deepEqual(
    marked.filter((piece) => piece.marked).map(({ text }) => text),
    ['ERR', 'or', 'error'],
  );
  assert.deepEqual(foundIn('a.b aXb', 'a.b'), [[0, 3]], 'words are no patterns');
  assert.deepEqual(foundIn('a.b aXb', '/a.b/'), [
    [0, 3],
    [4, 7],
  ]);
  assert.deepEqual(foundIn('abc', '/x*/'), [], 'empty matches mark nothing and end');
  assert.equal(searchProblem('/(/')?.startsWith('Not a regular expression'), true);
  assert.equal(searchProblem('(') ?? searchProblem('/a|b/'), undefined);
  assert.equal(leftOut('x'.repeat(1600)), 0);
  assert.equal(leftOut('x'.repeat(5000)), 3500);
});

test('lines keep their numbers while others come and go', () => {
  const line = (text: string) => ({ time: '', instance: 'web.0', stream: 'out' as const, text });
  const first = appended([], [line('c'), line('d')], 3);
  const all = prepended(appended(first, [line('e')], 3), [line('a'), line('b')]);
  assert.deepEqual(
    all.map(({ number, text }) => [number, text]),
    [
      [-2, 'a'],
      [-1, 'b'],
      [0, 'c'],
      [1, 'd'],
      [2, 'e'],
    ],
  );
  assert.deepEqual(
    appended(all, [line('f')], 2).map(({ number }) => number),
    [2, 3],
  );
});

test('a sparkline keeps its peaks and its gaps', () => {
  assert.deepEqual(thinned([1, 9, 2, 2, null, null], 3), [9, 2, null]);
  assert.equal(thinned(Array(360).fill(1), SPARK_POINTS).length, SPARK_POINTS);
  assert.equal(sparkPath([0, null, 5], 59, 20), 'M57.0 19.0M59.0 1.0');
  assert.equal(sparkPath([], 90, 20), '');
});

test('charts show what was measured, and say it in words', () => {
  const history = historyOf('app:web', '1h');
  const plans = chartsOf(history);
  assert.ok(plans.some(({ title }) => title === 'Latency'));
  assert.ok(!plans.some(({ title }) => title === 'Load'), 'nothing of the machine');
  const [first] = plans;
  assert.ok(first);
  const columns = columnsOf(history, first);
  assert.equal(columns.length, 3);
  assert.equal(new Set(columns.map(({ length }) => length)).size, 1);
  assert.match(
    chartInWords(history, first),
    /^Requests per second of the last hour: requests now [\d.]+, at most/,
  );
  assert.deepEqual(chartsOf({ ...history, measures: { cpu: [null, null] } }), []);
});

test('keys work alone and in sequence, and a sequence is forgotten', () => {
  const type = (keys: string, gapMs = 100) => {
    let pressed: Pressed = nothingPressed;
    let command: string | undefined;
    [...keys].forEach((key, n) => {
      ({ command, pressed } = { command: undefined, ...press(pressed, key, n * gapMs) });
    });
    return command;
  };
  assert.equal(type('gl'), 'logs');
  assert.equal(type('gt'), 'certificates');
  assert.equal(type('t'), 'theme');
  assert.equal(type('gt', 5000), 'theme');
  assert.equal(type('gg'), undefined);
  assert.equal(type('xgo'), 'overview');
  assert.equal(type('g/'), 'search');
});

test('what does harm asks first and names what happens', () => {
  for (const action of [
    { do: 'stop', app: 'web' },
    { do: 'restart', app: 'web', slot: 1 },
    { do: 'scale', app: 'web', instances: 0 },
    { do: 'rollback', project: 'shop', release: 'r1' },
    { do: 'abort', project: 'shop' },
    { do: 'pause', site: 'a.example' },
  ] as const) {
    const question = questionOf(action);
    assert.ok(question && question.text.length > 30, action.do);
  }
  assert.equal(questionOf({ do: 'reload', app: 'web' }), undefined);
  assert.equal(questionOf({ do: 'scale', app: 'web', instances: 3 }), undefined);
  assert.equal(titleOf({ do: 'scale', app: 'web', instances: 3 }), 'Scale web to 3');
  assert.equal(titleOf({ do: 'restart', app: 'web', slot: 1 }), 'Restart web.1');
});

test('replies are read however the stream is cut', () => {
  const replies = new Replies();
  assert.deepEqual(replies.push('{"li'), []);
  assert.deepEqual(replies.push('ne":"a"}\n\n{"done":"b"}\n{"x'), [{ line: 'a' }, { done: 'b' }]);
});

test('events and health are said in words and tones', () => {
  const crash = event(1, 'instance.spawn-failed', {
    app: 'web',
    reason: 'no such file',
    data: { by: 'ann' },
  });
  assert.equal(eventVerb(crash), 'could not be started');
  assert.equal(eventTone(crash), 'failing');
  assert.equal(eventReason(crash), 'no such file (by ann)');
  const promoted = event(1, 'release.promoted', {
    data: { project: 'shop', release: 'e26a586', tookMs: 655 },
  });
  assert.equal(
    [eventSubject(promoted), eventVerb(promoted), eventReason(promoted)].join(' '),
    'shop e26a586 serves in 655ms',
  );
  const released = event(1, 'port.released', { data: { host: null, port: 33111 } });
  assert.equal(
    [eventSubject(released), eventVerb(released), eventReason(released)].join(' '),
    'holdfast port released port 33111',
  );
  assert.equal(healthLine({ status: 'ok', problems: [] }).text, 'All is well');
  const { health, apps = {} } = smallWorld();
  assert.ok(health);
  assert.equal(healthLine(health).text, '1 thing failing');
  assert.deepEqual(
    health.problems.map((problem) => placeOf(problem, { apps })),
    [{ page: 'app', app: 'api' }, { page: 'certificates' }],
  );
  assert.equal(releases[0]?.releases.filter(({ serves }) => serves).length, 1);
});

test('settings are rows for people', () => {
  const plan = appPlan({ port: 3000, env: { B: '2' }, secrets: { A: '/run/secret' }, cwd: '/srv' });
  const rows = Object.fromEntries(settingRows(plan));
  assert.equal(rows.Command, 'node /app/server.js');
  assert.equal(rows.Port, '3000');
  assert.equal('User' in rows, false, 'what is as it always is, is left out');
  assert.deepEqual(variableRows(plan), [
    ['A', 'from /run/secret'],
    ['B', '2'],
  ]);
});
