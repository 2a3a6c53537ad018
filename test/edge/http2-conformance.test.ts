/** The cases of http2-cases.ts, each on a connection of its own, all at the same time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { type Http2Case, http2Cases } from './http2-cases.ts';
import { Http2Client, ping } from './http2-client.ts';
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
