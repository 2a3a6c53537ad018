import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readTar } from './reader.ts';

interface Member {
  readonly name: string | Buffer;
  readonly type?: string;
  readonly body?: string | Buffer;
  readonly link?: string;
  readonly mode?: string;
  readonly size?: string;
  readonly prefix?: string;
}

/** An archive as it should not be. */
function archive(...members: readonly Member[]): Buffer {
  const blocks = members.flatMap(({ name, type = '0', body = '', link = '', mode, size, prefix = '' }) => {
    const header = Buffer.alloc(512);
    header.set(Buffer.from(name).subarray(0, 100));
    header.write(`${mode ?? '0000644'}\0`, 100, 'latin1');
    const content = Buffer.from(body);
    header.write(size ?? `${content.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    header.write(type, 156, 'latin1');
    header.write(link, 157);
    header.write('ustar\x0000', 257, 'latin1');
    header.write(prefix, 345);
    header.fill(0x20, 148, 156);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function pax(records: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest + String(rest).length;
    if (rest + String(length).length !== length) length++;
    return `${length} ${key}=${value}\n`;
  });
  return Buffer.from(lines.join(''));
}

async function read(bytes: Buffer, piece = bytes.length) {
  async function* input() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  const found: string[] = [];
  for await (const { kind, path, target, executable, content } of readTar(input())) {
    const parts: Uint8Array[] = [];
    // What is not read is skipped.
    if (!path.startsWith('skip')) for await (const part of content) parts.push(part);
    found.push(
      `${kind}${executable ? '*' : ''} ${path} ${kind === 'link' ? target : Buffer.concat(parts)}`.trim(),
    );
  }
  return found;
}

const long = `${'deep/'.repeat(40)}name`;

describe('reading tar', () => {
  test('ustar, pax and GNU say names in three ways, whatever the pieces that it comes in', async () => {
    const bytes = archive(
      { name: 'pax_global_header', type: 'g', body: pax({ comment: 'hello' }) },
      { name: './', type: '5' },
      { name: './a', body: 'one', mode: '0000755' },
      { name: 'skipped', body: 'x'.repeat(1000) },
      { name: 'tail', prefix: 'long/before', body: '' },
      { name: 'PaxHeader', type: 'x', body: pax({ path: 'späm', mtime: '1.5' }) },
      { name: 'short', body: 'two' },
      { name: '././@LongLink', type: 'L', body: `${long}\0` },
      { name: 'cut', body: 'three' },
      { name: '././@LongLink', type: 'K', body: `${long}\0` },
      { name: 'l', type: '2', link: 'cut' },
      { name: 'old/', type: '\0' },
    );
    const expected = [
      'directory',
      'file* a one',
      'file skipped',
      'file long/before/tail',
      'file späm two',
      `file ${long} three`,
      `link l ${long}`,
      'directory old',
    ];
    for (const piece of [bytes.length, 512, 7]) assert.deepEqual(await read(bytes, piece), expected);
  });

  test('what it does not understand, it refuses', async () => {
    const good = archive({ name: 'a', body: 'hello' });
    const flipped = Buffer.from(good);
    flipped[3] = 0x41;
    const cases: [Buffer, RegExp][] = [
      [Buffer.alloc(0), /ends in the middle/],
      [good.subarray(0, 514), /ends in the middle/],
      [good.subarray(0, 1024), /ends in the middle/],
      [flipped, /wrong checksum/],
      [Buffer.from('<html>'.repeat(200)), /number|checksum/],
      [archive({ name: 'h', type: '1', link: 'a' }), /"h": it is a hard link/],
      [archive({ name: 'c', type: '3' }), /"c": it is a device/],
      [archive({ name: 'p', type: '6' }), /"p": it is a pipe/],
      [archive({ name: 's', type: 'S' }), /sparse/],
      [archive({ name: 'x', type: 'x', body: pax({ 'GNU.sparse.major': '1' }) }, { name: 's' }), /sparse/],
      [archive({ name: '?', type: 'V' }), /unknown kind/],
      [archive({ name: Buffer.from([0x61, 0xff]) }), /not in UTF-8/],
      [archive({ name: 'n', size: '-0000000001\0' }), /number/],
      [archive({ name: 'n', size: '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff' }), /number/],
      [archive({ name: 'x', type: 'x', body: '99 path=a\n' }), /pax header/],
      [archive({ name: 'x', type: 'x', body: pax({ size: '1e99' }) }, { name: 'a' }), /number/],
      [archive({ name: 'L', type: 'L', size: '77777777777\0' }), /too long/],
    ];
    for (const [bytes, message] of cases) {
      await assert.rejects(read(bytes), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'SOURCE_INVALID', String(error.stack));
        assert.match(error.message, message);
        return true;
      });
    }
  });

  test('damage is told, or harmless, but never an exception of another kind', async () => {
    const good = archive({ name: 'x', type: 'x', body: pax({ path: 'a/b' }) }, { name: 'c', body: 'hello' });
    const property = fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, byte) => {
      const bytes = Buffer.from(good);
      bytes[at] = byte;
      await read(bytes).catch((error) => assert.equal(error.code, 'SOURCE_INVALID', String(error.stack)));
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
