import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appView, instanceView } from '../../../test/support/fake-daemon.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import { makeStyle } from '../print/style.ts';
import { changes } from './changes.ts';
import { cut, fold, widthOf } from './fold.ts';
import { type Key, keyOf } from './keys.ts';
import { press, type Wish } from './press.ts';
import { frame } from './screen.ts';
import { emptyState, type TopState, withEvent, withLogLines } from './state.ts';

const style = makeStyle(false);
const now = Date.parse('2026-03-01T12:00:00Z');

const event: HoldfastEvent = {
  seq: 1,
  time: new Date(now).toISOString(),
  type: 'instance.ready',
  app: 'web',
  instance: 'web.0',
};

const state: TopState = {
  ...emptyState,
  apps: [
    appView('web', {
      wanted: 3,
      instances: [0, 1, 2].map((slot) => instanceView(`web.${slot}`, { cpu: 0.3 })),
    }),
    appView('api', { instances: [instanceView('api.0', { cpu: 0.03, restarts: 2 })] }),
  ],
  events: [event],
};

function draw(of: TopState, size: { columns?: number; rows?: number; header?: string[] } = {}): string[] {
  return frame(of, { columns: 100, rows: 24, style, now, header: [], ...size }).lines;
}

/** After these keys, drawn in between as the view does. */
function after(keys: readonly Key[], from: TopState = state, rows = 24): { state: TopState; wish?: Wish } {
  let pressed: { state: TopState; wish?: Wish } = { state: from };
  for (const key of keys) {
    const { offset, page } = frame(pressed.state, { columns: 100, rows, style, now, header: [] });
    pressed = press({ ...pressed.state, offset }, key, page);
  }
  return pressed;
}

function names(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^[> ] {1,3}((?:web|api)[\w.]*) /.exec(line)?.[1] ?? []);
}

test('a frame: the header, a summary, the table by name, what happened, the keys', () => {
  const lines = draw(state, { header: ['Chat on http://localhost:8080'] });
  assert.equal(lines.length, 24);
  assert.equal(lines[0], 'Chat on http://localhost:8080');
  assert.equal(lines[1], '2 apps   4 of 4 instances ready   memory 248 MB   cpu 93%');
  assert.deepEqual(names(lines), ['api', 'api.0', 'web', 'web.0', 'web.1', 'web.2']);
  assert.match(lines.join('\n'), /\d\d:\d\d:\d\d web\.0 ready/);
  assert.match(lines[23] ?? '', /^q quit/);
});

test('a frame fits the terminal, however small that is, wide characters and colours too', () => {
  const colours = makeStyle(true);
  const wide = { ...event, seq: 2, reason: '日本語のとても長い説明 👩‍👩‍👧 '.repeat(5) };
  for (const at of [state, after(['l']).state, after(['return']).state, after(['?']).state]) {
    for (let rows = 1; rows <= 30; rows++) {
      for (const columns of [20, 40, 80]) {
        const { lines } = frame(withEvent(at, wide), {
          columns,
          rows,
          style: colours,
          now,
          header: ['日本語'.repeat(20)],
        });
        assert.equal(lines.length, rows);
        for (const line of lines) assert.ok(widthOf(line) <= columns, `${columns}: ${line}`);
      }
    }
  }
});

test('arrows sort by a column and turn it round; apps with what is worst first', () => {
  const byCpu = after(['right', 'right', 'right', 'right', 'right']).state;
  assert.equal(byCpu.sort, 'cpu');
  assert.deepEqual(names(draw(byCpu)), ['web', 'web.0', 'web.1', 'web.2', 'api', 'api.0']);
  assert.match(draw(byCpu).join('\n'), /CPU↓/);
  assert.equal(names(draw(after(['S'], byCpu).state))[0], 'api');
  assert.equal(after(['left']).state.sort, 'uptime');
});

test('a filter is typed, narrows at once, and goes with Escape', () => {
  const typing = after(['/', 'w', 'e', 'x', 'backspace', 'b', '.', '1']);
  assert.deepEqual(names(draw(typing.state)), ['web', 'web.1']);
  assert.match(draw(typing.state).at(-1) ?? '', /^\/web\.1_/);
  assert.equal(after(['return'], typing.state).state.filter, 'web.1');
  assert.equal(after(['return', 'escape'], typing.state).state.filter, '');
  assert.equal(after(['escape'], typing.state).state.filter, '');
  assert.match(draw(after(['/', 'z', 'z']).state).join('\n'), /nothing has "zz"/);
});

test('the cursor stays on its row when the order changes, and the table follows it', () => {
  const down = after(['down', 'down', 'down'], state, 8);
  assert.equal(down.state.selected, 'web.0');
  assert.match(draw(after(['s'], down.state).state).join('\n'), /^> +web\.0/m);
  const last = after(['end'], state, 6).state;
  const lines = draw(last, { rows: 6 });
  assert.match(lines.join('\n'), /^> +web\.2/m);
  assert.doesNotMatch(lines.join('\n'), /^..api /m);
});

test('what changes something is asked first, and is about what the cursor is on', () => {
  const asked = after(['down', 'down', 'down', 'r']);
  assert.equal(draw(asked.state).at(-1), 'restart web.0? [y/N]');
  assert.equal(after(['n'], asked.state).wish, undefined);
  assert.deepEqual(after(['y'], asked.state).wish, {
    kind: 'restart',
    subject: { app: 'web', instance: 'web.0' },
  });
  // A reload is one of the whole app.
  assert.deepEqual(after(['down', 'e', 'y']).wish, {
    kind: 'reload',
    subject: { app: 'api', instance: null },
  });
  const scale = after(['end', 'n', '1', 'x', '2', 'return']);
  assert.deepEqual(scale.wish, { kind: 'scale', subject: { app: 'web', instance: null }, instances: 12 });
  const none = after(['n', '0', 'return']);
  assert.equal(none.wish, undefined);
  assert.match(draw(none.state).at(-1) ?? '', /at least 1 instance/);
});

test('a log follows; looking back pauses it, and End goes on', () => {
  const line = (i: number) => ({
    time: new Date(now).toISOString(),
    app: 'web',
    instance: 'web.0',
    stream: 'out' as const,
    text: `line ${i}`,
    partial: false,
  });
  const many = Array.from({ length: 100 }, (_, i) => line(i));
  const log = withLogLines(after(['end', 'l']).state, many);
  assert.match(draw(log).at(-2) ?? '', /line 99$/);
  const back = after(['pageup'], log).state;
  const later = withLogLines(back, [line(100)]);
  assert.equal(draw(later)[0], 'log of web.2  paused, 1 new');
  assert.match(draw(later).at(-2) ?? '', /line 77$/);
  assert.match(draw(after(['end'], later).state).at(-2) ?? '', /line 100$/);
  assert.match(draw(after(['home'], later).state)[1] ?? '', /line 0$/);
  assert.equal(after(['escape'], later).state.place.kind, 'list');
});

test('while the daemon is away the view says so and keeps what it knew', () => {
  const lines = draw({ ...state, away: 'nobody answers' });
  assert.equal(lines[0], 'waiting for the daemon: nobody answers');
  assert.match(lines.join('\n'), /web\.2/);
});

test('an event that comes a second time is the same event', () => {
  assert.equal(withEvent(state, event), state);
  assert.equal(withEvent(state, { ...event, seq: 2 }).events.length, 2);
});

test('only lines that differ are written', () => {
  assert.equal(changes(['a', 'b', 'c'], ['a', 'b', 'c']), '');
  assert.equal(changes(['a', 'b', 'c'], ['a', 'x']), '\x1b[2;1H\x1b[Kx\x1b[3;1H\x1b[K');
});

test('painted text is folded and cut without losing its colour, or half of a wide character', () => {
  assert.deepEqual(fold('abcdef', 4), ['abcd', 'ef']);
  assert.deepEqual(fold('\x1b[31mabcdef\x1b[0m', 4), ['\x1b[31mabcd\x1b[0m', '\x1b[31mef\x1b[0m']);
  assert.deepEqual(fold('日本語', 5), ['日本', '語']);
  assert.equal(cut('日本語', 5), '日本…');
  assert.equal(cut('abc', 3), 'abc');
  assert.equal(cut('', 3), '');
});

test('keys as node:readline tells them', () => {
  assert.equal(keyOf('q', { name: 'q' }), 'q');
  assert.equal(keyOf('\x03', { name: 'c', ctrl: true }), 'ctrl-c');
  assert.equal(keyOf('\x1b[A', { name: 'up' }), 'up');
  assert.equal(keyOf('S', { name: 's' }), 'S');
  assert.equal(keyOf('/', {}), '/');
  assert.equal(keyOf('\x1b[200~', { name: 'paste-start' }), undefined);
  assert.equal(keyOf(undefined, { name: 'f5' }), undefined);
});
