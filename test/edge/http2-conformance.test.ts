/** The cases of http2-cases.ts, each on a connection of its own, all at the same time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { type Http2Case, http2Cases } from './http2-cases.ts';
import { Http2Client, headers, ping } from './http2-client.ts';
import { startApp } from './support.ts';

test('clients of HTTP/2 are taken as the RFCs say', async (t) => {
  const app = await startApp(t, (request, response) => {
    if (request.url === '/stall') return;
    request.resume().on('end', () => request.url !== '/hang' && response.end('ok'));
  });
  const pools = { web: { targets: [targetOf('web.0#1', app.address)] } };
  const edge = await startEdge(t, tableOf({ pools, http2: { cleartext: true } }));
  const failures: string[] = [];
  await Promise.all(
    http2Cases.map(async (one) => {
      const client = new Http2Client(t, edge.port);
      await play(client, one).catch((error: Error) => {
        failures.push(`${one.section} ${one.name}: ${error.message.slice(0, 400)}`);
      });
    }),
  );
  assert.deepEqual(failures, []);
  assert.ok(http2Cases.length > 140);
});

async function play(client: Http2Client, { steps, expect, begin }: Http2Case): Promise<void> {
  if (begin === undefined) client.greet();
  else client.write(begin);
  for (const step of steps) {
    if (typeof step === 'string') client.write(step);
    else await client.hears(step.hears);
  }
  if (expect !== 'alive')
    await client.hears(expect.startsWith('GOAWAY') ? new RegExp(`^${expect} `) : expect);
  if (expect.startsWith('GOAWAY') || expect === 'CLOSED') return;
  await client.write(ping('and now?')).hears('PING and now?');
  const errors = client.heard.filter((line) => /^(GOAWAY|RST_STREAM)/.test(line) && line !== expect);
  const wrong = expect === 'alive' ? errors : errors.filter((line) => line.startsWith('GOAWAY'));
  assert.deepEqual(wrong, []);
}

test('no bytes do any harm', async (t) => {
  const app = await startApp(t, (request, response) => {
    request.resume().on('end', () => response.end('ok'));
  });
  const pools = { web: { targets: [targetOf('web.0#1', app.address)] } };
  // What it complains of fails the test.
  const edge = await startEdge(t, tableOf({ pools, http2: { cleartext: true, webSockets: true } }));
  const said = http2Cases.flatMap(({ steps }) => steps.filter((step) => typeof step === 'string'));
  const frames = said.filter((bytes) => bytes.length < 5_000).map((bytes) => Buffer.from(bytes, 'latin1'));
  const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255));
  const program = fc
    .tuple(
      fc.array(fc.constantFrom(...frames), { minLength: 1, maxLength: 6 }),
      fc.array(change, { maxLength: 5 }),
    )
    .map(([parts, changes]) => {
      const bytes = Buffer.concat(parts);
      for (const [place, byte] of changes)
        if (bytes.length > 0) bytes[Math.floor(place * (bytes.length - 1))] = byte;
      return bytes;
    });
  const programs = fc.sample(program, 400);
  for (let at = 0; at < programs.length; at += 50) {
    await Promise.all(
      programs.slice(at, at + 50).map(async (bytes) => {
        const client = new Http2Client(t, edge.port).greet();
        client.socket.write(bytes);
        client.socket.end(ping());
        await client.ends();
      }),
    );
  }
  await new Http2Client(t, edge.port).greet().write(headers(1)).hears('HEADERS 1 200');
});
