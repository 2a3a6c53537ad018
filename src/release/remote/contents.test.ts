import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { type TreeFile, treeOf } from '../tree.ts';
import { filesAt, packed, positionsOf, takeContents } from './contents.ts';
import { receivedTree } from './received-source.ts';
import { Incoming, send, sendContents } from './wire.ts';

const contents = new Map(
  [Buffer.from('one'), Buffer.alloc(0), randomBytes(300_000), Buffer.from("it's $(me)\n")].map((bytes) => [
    createHash('sha256').update(bytes).digest('hex'),
    bytes,
  ]),
);
const names = ["a'b $(x).txt", 'empty', 'large', 'dir/ü'];
const tree = treeOf(
  [...contents].map(([hash, bytes], index): TreeFile => {
    return { kind: 'file', path: names[index] ?? '', hash, executable: false, size: bytes.length };
  }),
);
const source = { read: ({ hash }: TreeFile) => Readable.from([contents.get(hash) ?? Buffer.alloc(0)]) };

async function* pieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('messages and contents come out as they went in, however they are cut', async () => {
  const wire = new PassThrough();
  const sent: Buffer[] = [];
  wire.on('data', (chunk: Buffer) => sent.push(chunk));
  const files = filesAt(tree, [0, 1, 2, 3]);
  send(wire, { type: 'before' });
  await sendContents(wire, packed(source, files));
  send(wire, { type: 'after' });
  for (const size of [7, 65_536, 10_000_000]) {
    const incoming = new Incoming(Readable.from(pieces(Buffer.concat(sent), size)));
    assert.deepEqual(await incoming.message(), { type: 'before' });
    const taken = new Map<string, Buffer>();
    const add = async (file: TreeFile, content: AsyncIterable<Uint8Array>) => {
      const parts: Uint8Array[] = [];
      for await (const part of content) parts.push(part);
      taken.set(file.hash, Buffer.concat(parts));
    };
    await takeContents({ add }, files, incoming.contents());
    assert.deepEqual(taken, contents);
    assert.deepEqual(await incoming.message(), { type: 'after' });
    assert.equal(await incoming.message(), null);
  }
});

test('a connection that breaks in the middle of contents is noticed', async () => {
  const wire = new PassThrough();
  send(wire, { bytes: 10 });
  wire.end('half');
  const incoming = new Incoming(wire);
  await assert.rejects(async () => {
    for await (const _ of incoming.contents());
  }, /ended before all was sent/);
});

test('what is sent is checked before anything is made of it', () => {
  const record = {
    kind: 'git',
    from: '/x',
    ref: null,
    commit: null,
    author: null,
    subject: null,
    dirty: false,
    treeHash: tree.hash,
  } as const;
  assert.equal(receivedTree(tree.entries, record).hash, tree.hash);
  const bad = (path: string) => [{ kind: 'link', path, target: 'a' } as const];
  for (const entries of [bad('../x'), bad('/etc/x'), tree.entries.slice(1)])
    assert.throws(() => receivedTree(entries, record), { code: 'SOURCE_INVALID' });
});

test('a host names what it lacks by its place in the tree', () => {
  const [first, , third] = filesAt(tree, [0, 1, 2]);
  assert.ok(first && third);
  assert.deepEqual(positionsOf(tree, [third, first]), [0, 2]);
  assert.throws(() => filesAt(tree, [9]), { code: 'SOURCE_INVALID' });
});
