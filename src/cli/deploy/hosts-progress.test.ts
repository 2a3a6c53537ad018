import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HoldfastEvent } from '../../protocol/events.ts';
import type { Context } from '../context.ts';
import { makeStyle } from '../print/style.ts';
import { HostsProgress } from './hosts-progress.ts';

/** The lines that are told of a deploy to app1. */
function setUp() {
  const lines: string[] = [];
  const line = (text: string) => lines.push(text);
  const err = { style: makeStyle(false), line, passing: () => undefined };
  const context = { err, json: false, verbose: false } as unknown as Context;
  return { lines, progress: new HostsProgress(context, ['app1']) };
}

test('why a step has failed is left to the error', () => {
  const { lines, progress } = setUp();
  const step = { name: 'build', startedAt: '', tookMs: 1200 } as const;
  progress.note('app1', { type: 'step', step: { ...step, outcome: 'failed', note: 'it ended with 3' } });
  progress.note('app1', { type: 'step', step: { ...step, outcome: 'done', note: '4 files' } });
  assert.match(lines[0] ?? '', /app1 .*✖ build .* failed$/);
  assert.match(lines[1] ?? '', /app1 .*✔ build .* 4 files$/);
});

test('crashes are told, except of what is on trial', () => {
  const { lines, progress } = setUp();
  const told = (app: string, type: HoldfastEvent['type'] = 'instance.crashed') =>
    progress.note('app1', { type: 'event', event: { seq: 1, time: '', type, app, instance: `${app}.0` } });
  told('web@next');
  told('web', 'instance.ready');
  assert.deepEqual(lines, []);
  told('web');
  assert.match(lines.join(), /app1 .*web\.0 crashed/);
});
