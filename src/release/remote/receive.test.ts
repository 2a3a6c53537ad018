import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { FakeClock } from '../../kit/clock.ts';
import { makeReleaseDirs, releasePaths } from '../paths.ts';
import { type ReceiverSurroundings, receive } from './receive.ts';

test('who deploys the other machine says; the address that it comes from, it does not', async (t) => {
  const paths = releasePaths(join(tempDir(t), 'home'), 'shop');
  makeReleaseDirs(paths);
  const around = { paths, project: 'shop', clock: new FakeClock(0) } as unknown as ReceiverSurroundings;
  const holderAfter = async (from: string | undefined) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const { signal } = new AbortController();
    const hello = { version: '1', host: 'app1' };
    const ended = receive({ input, output, hello, from, surroundings: () => around, signal });
    const by = { user: 'ann', host: 'laptop', via: 'local', from: '192.0.2.66' };
    input.end(`${JSON.stringify({ type: 'lock', by })}\n`);
    await ended;
    return JSON.parse(readFileSync(join(paths.lock, 'holder.json'), 'utf8')).by;
  };
  const ann = { user: 'ann', host: 'laptop', via: 'ssh' };
  assert.deepEqual(await holderAfter('10.0.0.7'), { ...ann, from: '10.0.0.7' });
  assert.deepEqual(await holderAfter(undefined), ann);
});
