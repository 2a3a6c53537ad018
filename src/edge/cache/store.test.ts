import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fields } from '../http1/fields.ts';
import { ownHead } from '../own-head.ts';
import { Cache } from './cache.ts';
import { Store } from './store.ts';
import { type Stored, stored } from './stored.ts';

function answer(key: string, size: number, vary = '', said = ''): Stored {
  const request = fields(said);
  const head = ownHead(200, [['Vary', vary]], size);
  const given = { key, told: '', request, head, body: Buffer.alloc(size), askedAt: 0, receivedAt: 0 };
  const made = stored(given);
  assert.ok(made);
  return made;
}

function fields(language: string): Fields {
  const made = new Fields();
  if (language !== '') made.add('Accept-Language', language, false);
  return made;
}

test('what was used longest ago goes first, and every byte is counted once', () => {
  const one = answer('a', 1000);
  const store = new Store(one.bytes * 3);
  assert.ok(one.bytes > 2000 && one.bytes < 3000, String(one.bytes));
  for (const key of ['a', 'b', 'c']) store.put(answer(key, 1000));
  assert.equal(store.bytes, one.bytes * 3);
  assert.ok(store.find('a', '', fields('')));
  store.put(answer('d', 1000));
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].filter((key) => store.find(key, '', fields(''))),
    ['a', 'c', 'd'],
  );
  store.put(answer('d', 500));
  assert.equal(store.size, 3);
  assert.equal(store.bytes, one.bytes * 3 - 500);
  store.put(answer('e', 100_000));
  assert.deepEqual([store.size, store.find('e', '', fields(''))], [3, undefined]);
  store.forget('a');
  assert.equal(store.clear(), 2);
  assert.equal(store.bytes, 0);
});

test('each request finds its own of several answers, the newest that fits', () => {
  const store = new Store(1_000_000);
  const [german, french] = [answer('a', 1, 'Accept-Language', 'de'), answer('a', 2, 'accept-language', 'fr')];
  store.put(german);
  store.put(french);
  const find = (language: string) => store.find('a', '', fields(language));
  assert.deepEqual([find('de'), find('fr'), find('it'), find('')], [german, french, undefined, undefined]);
  assert.equal(store.find('a', 'told otherwise', fields('de')), undefined);
  const forAll = answer('a', 3);
  store.put(forAll);
  assert.deepEqual([find('de'), find('it')], [forAll, forAll]);
});

test('answers on their way take no more than their share, and are dropped when their address changes', () => {
  const cache = new Cache({ totalBytes: 1000, entryBytes: 400 });
  const piece = Buffer.from('x'.repeat(300));
  const [one, two] = [cache.record('a'), cache.record('b')];
  one.add(piece, 0, 300);
  two.add(piece, 0, 300);
  assert.deepEqual([one.dropped, two.dropped], [false, true]);
  cache.forget('a');
  const three = cache.record('a');
  three.add(piece, 0, 300);
  three.add(piece, 0, 50);
  assert.deepEqual([one.dropped, three.dropped, three.bytes], [true, false, 350]);
  const body = three.take();
  assert.deepEqual([body.length, body.buffer.byteLength], [350, 350]);
});
