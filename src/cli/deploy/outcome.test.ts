import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeDaemon } from '../../../test/support/fake-daemon.ts';
import { releaseRecord } from '../../../test/support/release-record.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { HoldfastError } from '../../errors.ts';
import { releasePaths } from '../../release/paths.ts';
import { RecordFiles } from '../../release/records.ts';
import type { Context } from '../context.ts';
import { ForeignExit } from '../foreign.ts';
import { makeStyle } from '../print/style.ts';
import { servesLine, standingLine, tellRefusal } from './outcome.ts';

const servedFrom = '2026-11-23T12:00:00.000Z';

/** A home with releases of `shop` that have served; nothing runs there. */
function homeWith(t: Parameters<typeof tempDir>[0], ...ids: readonly string[]) {
  const home = join(tempDir(t), 'home');
  const paths = releasePaths(home, 'shop');
  const records = new RecordFiles(paths.records);
  const last = ids.at(-1) ?? '';
  mkdirSync(paths.root, { recursive: true });
  symlinkSync(`releases/${last}`, paths.current);
  for (const id of ids) {
    mkdirSync(`${paths.releases}/${id}`, { recursive: true });
    const outcome = id === last ? 'serving' : 'superseded';
    const servedUntil = id === last ? null : '2026-11-23T13:00:00.000Z';
    records.write(releaseRecord(id, { outcome, servedFrom, servedUntil }));
  }
  return home;
}

/** What is printed for an error, and what is thrown. */
async function refusal(home: string, error: unknown, { begun = true, json = false } = {}) {
  const printed: string[] = [];
  const err = {
    style: makeStyle(false),
    line: (text: string) => printed.push(text),
    lines: (texts: readonly string[]) => printed.push(...texts),
  };
  const context = { err, home, json, verbose: false } as unknown as Context;
  return { thrown: await tellRefusal(context, 'shop', error, begun), printed };
}

test('a way back is told of when there is one', (t) => {
  const record = releaseRecord('r2', { servedFrom });
  assert.match(servesLine({ home: homeWith(t, 'r2') }, record), /^shop r2 serves since [^()]+$/);
  const home = homeWith(t, 'r1', 'r2');
  assert.match(servesLine({ home }, record), /^shop r2 serves since .+ \(back: hold rollback\)$/);
  assert.match(servesLine({ home }, { ...record, servedFrom: null }, 'is back'), /^shop r2 is back \(back/);
});

test('a deploy that came to nothing ends with what serves', async (t) => {
  const home = homeWith(t, 'r1');
  assert.equal(await standingLine(home, 'shop'), 'no release of shop serves; more: hold releases show');
  const daemon = await fakeDaemon(t, home);
  const view = { project: 'shop', serving: 'r1', previous: null, promotion: null };
  daemon.outcomes['GET /v1/releases'] = { result: [view] };
  assert.match(await standingLine(home, 'shop'), /^still serves: r1, since .+; more: hold releases show$/);
});

test('a hint is said before that, except what the last line says again', async (t) => {
  const home = homeWith(t, 'r1');
  const last = '  no release of shop serves; more: hold releases show';
  const failed = new HoldfastError('STEP_FAILED', 'Step "build" failed', {
    hint: 'All of its output: `hold releases show r2`',
  });
  const usual = await refusal(home, failed);
  assert.ok(usual.thrown instanceof ForeignExit);
  assert.match(usual.printed[0] ?? '', /Step "build" failed/);
  assert.ok(!usual.printed.join('\n').includes('All of its output'));
  assert.equal(usual.printed.at(-1), last);
  const twice = new HoldfastError('RELEASE_REFUSED', 'It was aborted', {
    hint: '"r1" was to serve again, and that has failed, too: `hold releases show r1`',
  });
  assert.match((await refusal(home, twice)).printed.at(-2) ?? '', /that has failed, too/);
  const locked = new HoldfastError('DEPLOY_LOCKED', 'Another one', { hint: 'Wait' });
  assert.deepEqual((await refusal(home, locked)).printed.slice(-2), ['  Wait', last]);
});

test('nothing is printed for --json, before a release is begun, and of what is no error of ours', async (t) => {
  const home = homeWith(t, 'r1');
  const ours = new HoldfastError('STEP_FAILED', 'Step "build" failed');
  assert.deepEqual(await refusal(home, ours, { json: true }), { thrown: ours, printed: [] });
  assert.deepEqual(await refusal(home, ours, { begun: false }), { thrown: ours, printed: [] });
  const other = new Error('bug');
  assert.deepEqual(await refusal(home, other), { thrown: other, printed: [] });
});
