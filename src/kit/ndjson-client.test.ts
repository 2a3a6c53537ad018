import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { NdjsonClient } from './ndjson-client.ts';

test('it connects again, hears messages in any pieces, and ends when all is sent', async (t) => {
  const path = join(tempDir(t), 'link.sock');
  const peers: net.Socket[] = [];
  const heard: string[] = [];
  const server = net.createServer((peer) => {
    peers.push(peer.on('error', () => undefined));
    peer.setEncoding('utf8').on('data', (text: string) => heard.push(text));
  });
  t.after(() => server.close());
  const messages: unknown[] = [];
  const errors: string[] = [];
  const client = new NdjsonClient<string, { n: number }>(path, {
    onConnect: () => client.send('hello'),
    onMessage(message) {
      if (message.n === 3) throw new Error('no threes');
      messages.push(message);
    },
    onError: (error) => errors.push(String(error)),
  });
  t.after(() => client.close());
  client.open();
  client.send('nobody hears this');
  assert.equal(client.isOpen, false);
  server.listen(path);
  await once(server, 'connection');
  peers[0]?.write('{"n":');
  peers[0]?.write('1}\n{"n":3}\nbroken\n{"n":2}\n');
  await until(() => messages.length === 2, { why: 'both are heard' });
  assert.match(errors.join('|'), /^Error: no threes\|Error: Cannot read a message: /);
  peers[0]?.destroy();
  await until(() => peers.length === 2 && client.isOpen, { why: 'it is back' });
  client.send('last');
  await client.close();
  await until(() => heard.join('').endsWith('"last"\n'), { why: 'all came' });
  assert.equal(heard.join(''), '"hello"\n"hello"\n"last"\n');
  assert.equal(peers.length, 2);
});
