import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appView, instanceView } from '../../../test/support/fake-daemon.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import { makeStyle } from '../print/style.ts';
import { displayWidth } from '../print/text.ts';
import { keyOf } from './keys.ts';
import { frame } from './screen.ts';
import { emptyState, type TopState, withEvent, withKey } from './state.ts';

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

test('a frame: the header, a summary, the table by name, what happened, the keys', () => {
  const lines = draw(state, { header: ['Chat on http://localhost:8080'] });
  assert.equal(lines.length, 24);
  assert.equal(lines[0], 'Chat on http://localhost:8080');
  assert.equal(lines[1], '2 apps   4 of 4 instances ready   memory 248 MB   cpu 93%');
  const names = lines
    .map((line) => /^ *([\w.]+) /.exec(line)?.[1])
    .filter((name) => /^(web|api)/.test(name ?? ''));
  assert.deepEqual(names, ['api', 'api.0', 'web', 'web.0', 'web.1', 'web.2']);
  assert.match(lines[21] ?? '', /\d\d:\d\d:\d\d web\.0 ready/);
  assert.match(lines[23] ?? '', /^q quit/);
});

test('a frame fits the terminal, however small that is', () => {
  for (let rows = 1; rows <= 30; rows++) {
    for (const columns of [20, 40, 80]) {
      const lines = draw(state, { rows, columns });
      assert.ok(lines.length <= rows);
      if (columns >= 40)
        for (const line of lines) assert.ok(displayWidth(line) <= columns, `${columns}: ${line}`);
    }
  }
});

test('s sorts by the next figure, a shows apps only', () => {
  const byCpu = withKey(state, 'sort');
  assert.equal(byCpu.sort, 'cpu');
  assert.match(draw(byCpu).join('\n'), /^web[\s\S]*^api/m);
  const apps = draw(withKey(state, 'instances')).join('\n');
  assert.doesNotMatch(apps, /web\.1/);
});

test('arrows scroll, up to the last page and no further', () => {
  let scrolled = state;
  for (let i = 0; i < 50; i++) scrolled = withKey(scrolled, 'down');
  const { lines, offset } = frame(scrolled, { columns: 100, rows: 12, style, now, header: [] });
  assert.ok(offset > 0 && offset < 6, String(offset));
  assert.match(lines.join('\n'), /web\.2/);
  assert.doesNotMatch(lines.join('\n'), /^api /m);
  assert.equal(frame(scrolled, { columns: 100, rows: 60, style, now, header: [] }).offset, 0);
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

test('keys as terminals send them', () => {
  assert.equal(keyOf('q'), 'quit');
  assert.equal(keyOf('\x03'), 'interrupt');
  assert.equal(keyOf('\x1b[A'), 'up');
  assert.equal(keyOf('\x1bOB'), 'down');
  assert.equal(keyOf('x'), undefined);
});
