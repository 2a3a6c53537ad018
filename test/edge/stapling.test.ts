/** The edge shows what an authority says of a certificate: to those who ask, as long as it is good. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import type { EdgeTls } from '../../src/protocol/edge-table.ts';
import { requireProgram } from '../support/programs.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startEdge, tableOf } from './edge-process.ts';

test('OCSP is stapled, swapped without another certificate, and left out when it is old', async (t) => {
  const openssl = requireProgram(t, 'openssl');
  if (!openssl) return;
  const dir = tempDir(t);
  const run = (line: string) =>
    execFileSync(openssl, line.split(' '), { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const read = (name: string) => readFileSync(join(dir, name), 'utf8');
  run(
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out cert -days 2 -subj /CN=a.test -set_serial 0xf1',
  );
  writeFileSync(join(dir, 'index'), 'V\t491231000000Z\t\tF1\tunknown\t/CN=a.test\n');
  run(
    'ocsp -index index -CA cert -rsigner cert -rkey key -issuer cert -serial 0xf1 -nmin 60 -respout answer',
  );
  const response = readFileSync(join(dir, 'answer')).toString('base64');
  const tlsWith = (until?: number): Omit<EdgeTls, 'listen'> => ({
    certificates: [
      {
        names: ['a.test'],
        certPem: read('cert'),
        keyPem: read('key'),
        ...(until !== undefined && { ocsp: { response, until } }),
      },
    ],
    clientAuthorities: {},
    ticketKeys: Buffer.alloc(48, 7).toString('base64'),
    challenges: { http: {}, alpn: [] },
  });
  const table = tableOf({
    pools: {},
    sites: [{ host: 'a.test', routes: [], tls: { redirect: true, hstsSeconds: null, clients: null } }],
  });
  const edge = await startEdge(t, table, false, tlsWith(Date.now() + 60_000));
  const listen = { host: '127.0.0.1', port: edge.port };
  const stapled = async () => {
    const options = { ...listen, servername: 'a.test', ca: read('cert'), requestOCSP: true };
    const socket = tls.connect(options);
    const [answer] = (await once(socket, 'OCSPResponse')) as [Buffer | null];
    await once(socket, 'secureConnect');
    socket.destroy();
    return answer?.toString('base64');
  };
  const swap = async (until?: number) => {
    edge.send({ type: 'tls', tls: { listen, ...tlsWith(until) } });
    await edge.apply(table);
  };
  assert.equal(await stapled(), response);
  const client = run(`s_client -connect 127.0.0.1:${edge.port} -servername a.test -CAfile cert -status`);
  assert.match(client, /OCSP Response Status: successful[\s\S]*Cert Status: good/);
  await swap(Date.now() - 1);
  assert.equal(await stapled(), undefined);
  await swap(Date.now() + 60_000);
  assert.equal(await stapled(), response);
  await swap();
  assert.equal(await stapled(), undefined);
});
