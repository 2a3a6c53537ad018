/** HTTPS at the edge's own door: who answers which name, what clients and apps are told, what is refused and how. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';
import type { EdgeSiteTls, EdgeTls } from '../../src/protocol/edge-table.ts';
import { certificateFor, pem, testCa, tlsFile } from '../support/certificates.ts';
import { requireProgram } from '../support/programs.ts';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { RawClient, startApp, startRawApp, until } from './support.ts';

const run = promisify(execFile);
const KEYS = Buffer.alloc(48, 7).toString('base64');
const plainSite: EdgeSiteTls = { redirect: true, hstsSeconds: null, clients: null };

function tlsOf(parts: Partial<Omit<EdgeTls, 'listen'>> = {}): Omit<EdgeTls, 'listen'> {
  return {
    certificates: [certificateFor(['a.test'], 'a.test')],
    clientAuthorities: {},
    ticketKeys: KEYS,
    challenges: { http: {}, alpn: [] },
    ...parts,
  };
}

/** Sites, each with an app of its own that says its name and the fields that it got. */
async function startSites(
  t: TestContext,
  sites: Readonly<Record<string, EdgeSiteTls | undefined>>,
  parts: Partial<Omit<EdgeTls, 'listen'>> = {},
) {
  const pools: Record<string, { targets: ReturnType<typeof targetOf>[] }> = {};
  for (const host of Object.keys(sites)) {
    const app = await startApp(t, (request, response) => {
      response.end(JSON.stringify({ site: host, headers: request.headers }));
    });
    pools[host] = { targets: [targetOf(`${host}#1`, app.address, { guest: true })] };
  }
  const table = () =>
    tableOf({
      pools,
      sites: Object.entries(sites).map(([host, of]) => ({
        host,
        routes: [{ prefix: '/', pool: host }],
        ...(of && { tls: of }),
      })),
    });
  const edge = await startEdge(t, table(), false, tlsOf(parts));
  return { edge, table };
}

interface Got {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own. */
async function get(port: number, servername: string, options: https.RequestOptions = {}): Promise<Got> {
  const request = https.request({
    host: '127.0.0.1',
    port,
    servername,
    ca: testCa,
    agent: false,
    ...options,
    headers: { host: servername, ...options.headers },
  });
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const piece of response.setEncoding('utf8')) body += piece;
  return { status: response.statusCode, headers: response.headers, body };
}

const said = ({ body }: Got) => JSON.parse(body) as { site: string; headers: Record<string, string> };

/** The error that a handshake ends with. */
async function handshakeError(port: number, options: tls.ConnectionOptions): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, ca: testCa, ...options });
  const [error] = await once(socket, 'error');
  return (error as Error).message;
}

test('a request over TLS reaches the app, which learns that its client came with https', async (t) => {
  const { edge } = await startSites(t, { 'a.test': plainSite });
  const { headers, site } = said(await get(edge.port, 'a.test'));
  assert.equal(site, 'a.test');
  assert.equal(headers['x-forwarded-proto'], 'https');
  assert.match(headers['x-holdfast-client'] ?? '', /^127\.0\.0\.1 \d+ https$/);
  assert.equal((await edge.heard('listening')).tls, true);
});

test('each name is answered by its own certificate, and names below a wildcard by that', async (t) => {
  const { edge } = await startSites(
    t,
    { 'a.test': plainSite, 'b.test': plainSite, '*.wild.test': plainSite },
    {
      certificates: ['a.test', 'b.test', 'wild.test'].map((name) =>
        certificateFor([name === 'wild.test' ? '*.wild.test' : name], name),
      ),
    },
  );
  // The client checks that the certificate is for the name.
  for (const name of ['a.test', 'b.test', 'x.wild.test', 'B.TEST']) {
    assert.equal((await get(edge.port, name)).status, 200);
  }
});

test('a name that nobody serves is refused by the alert unrecognized_name, and so is none', async (t) => {
  const { edge } = await startSites(t, { 'a.test': plainSite });
  assert.match(
    await handshakeError(edge.port, { servername: 'other.test' }),
    /unrecognized name|alert number 112/,
  );
  assert.match(await handshakeError(edge.port, {}), /unrecognized name|alert number 112/);
});

test('a site for all hosts answers every name, and a site of an address those who name none', async (t) => {
  const { edge } = await startSites(
    t,
    { '*': plainSite, '127.0.0.1': plainSite },
    { certificates: [certificateFor(['*'], 'b.test'), certificateFor(['127.0.0.1'], 'local')] },
  );
  const any = await get(edge.port, 'other.test', { checkServerIdentity: () => undefined });
  assert.equal(said(any).site, '*');
  const bare = await get(edge.port, '', { headers: { host: '127.0.0.1' } });
  assert.equal(said(bare).site, '127.0.0.1');
});

test('TLS 1.2 and 1.3 are spoken, older versions and weak ciphers are not', async (t) => {
  const { edge } = await startSites(t, { 'a.test': plainSite });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const got = await get(edge.port, 'a.test', { minVersion: version, maxVersion: version });
    assert.equal(got.status, 200);
  }
  const servername = 'a.test';
  const ciphers = 'ALL:@SECLEVEL=0';
  const old = { servername, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers } as const;
  assert.match(await handshakeError(edge.port, old), /protocol version|alert number 70/);
  const weak = { servername, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const;
  assert.match(await handshakeError(edge.port, weak), /handshake failure|alert number 40/);
});

test('http/1.1 is agreed on by ALPN, and a client that speaks nothing of ours is told so', async (t) => {
  const { edge } = await startSites(t, { 'a.test': plainSite });
  const socket = tls.connect({
    port: edge.port,
    host: '127.0.0.1',
    ca: testCa,
    servername: 'a.test',
    ALPNProtocols: ['x', 'http/1.1'],
  });
  await once(socket, 'secureConnect');
  assert.equal(socket.alpnProtocol, 'http/1.1');
  socket.destroy();
  const other = { servername: 'a.test', ALPNProtocols: ['x'] };
  assert.match(await handshakeError(edge.port, other), /no application protocol|alert number 120/);
});

test('plain HTTP at the door of HTTPS is answered in words, and what is neither is refused', async (t) => {
  const { edge } = await startSites(t, { 'a.test': plainSite });
  const plain = new RawClient(t, edge.port).write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await (await plain.sees('HTTP/1.1 400 ')).sees('speaks HTTPS');
  await plain.sawEnd();
  const noise = new RawClient(t, edge.port).write('\x16\x03\x01\x00\x05\x02aaaa');
  await noise.sawEnd();
  assert.equal(Buffer.from(noise.received, 'latin1').at(-1), 50);
});

test('a greeting that comes byte by byte is understood', async (t) => {
  const { edge } = await startSites(t, { 'a.test': plainSite });
  // Between the client and the edge sits somebody who cuts everything small.
  const between = net.createServer((client) => {
    const onward = net.connect(edge.port, '127.0.0.1').setNoDelay(true);
    client.on('data', (chunk) => {
      for (let i = 0; i < chunk.length; i++) onward.write(chunk.subarray(i, i + 1));
    });
    onward.pipe(client);
    client.on('close', () => onward.destroy());
    for (const socket of [client, onward]) socket.on('error', () => {});
  });
  between.listen(0, '127.0.0.1');
  await once(between, 'listening');
  t.after(() => between.close());
  const { port } = between.address() as net.AddressInfo;
  assert.equal((await get(port, 'a.test')).status, 200);
});

test('a handshake that is not done in time is ended', async (t) => {
  const { edge, table } = await startSites(t, { 'a.test': plainSite });
  await edge.apply({ ...table(), limits: { ...table().limits, headTimeoutMs: 100 } });
  const silent = new RawClient(t, edge.port);
  const half = new RawClient(t, edge.port).write('\x16\x03\x01\x02\x00\x01');
  await Promise.all([silent.sawEnd(), half.sawEnd()]);
});

test('a session is resumed at another edge that has the same ticket keys', async (t) => {
  const first = await startSites(t, { 'a.test': plainSite });
  const second = await startSites(t, { 'a.test': plainSite });
  const connect = (port: number, session?: Buffer) =>
    tls.connect({ port, host: '127.0.0.1', ca: testCa, servername: 'a.test', ...(session && { session }) });
  const one = connect(first.edge.port);
  const [session] = (await once(one, 'session')) as [Buffer];
  one.destroy();
  const two = connect(second.edge.port, session);
  await once(two, 'secureConnect');
  assert.equal(two.isSessionReused(), true);
  two.destroy();
  const other = tlsOf({ ticketKeys: Buffer.alloc(48, 8).toString('base64') });
  second.edge.send({ type: 'tls', tls: { listen: { host: '127.0.0.1', port: second.edge.port }, ...other } });
  await second.edge.apply(second.table());
  const three = connect(second.edge.port, session);
  await once(three, 'secureConnect');
  assert.equal(three.isSessionReused(), false);
  three.destroy();
});

test('another certificate is swapped in for new connections, and the open ones go on', async (t) => {
  const { edge, table } = await startSites(
    t,
    { localhost: plainSite },
    { certificates: [certificateFor(['localhost'], 'local')] },
  );
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  assert.equal((await get(edge.port, 'localhost', { agent })).status, 200);
  const next = tlsOf({ certificates: [certificateFor(['localhost'], 'local-next')] });
  edge.send({ type: 'tls', tls: { listen: { host: '127.0.0.1', port: edge.port }, ...next } });
  await edge.apply(table());
  const socket = tls.connect({ port: edge.port, host: '127.0.0.1', ca: testCa, servername: 'localhost' });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerX509Certificate()?.toString();
  assert.equal(shown?.trim(), pem('local-next.pem').trim());
  socket.destroy();
  assert.equal((await get(edge.port, 'localhost', { agent })).status, 200);
});

test('a certificate that cannot be used leaves the one before in force', async (t) => {
  const { edge, table } = await startSites(t, { 'a.test': plainSite });
  const bad = { names: ['a.test'], certPem: pem('a.test.pem'), keyPem: pem('b.test.key') };
  const next = tlsOf({ certificates: [bad] });
  edge.send({ type: 'tls', tls: { listen: { host: '127.0.0.1', port: edge.port }, ...next } });
  await edge.apply(table());
  assert.equal((await get(edge.port, 'a.test')).status, 200);
  await until(() => /key values mismatch/.test(edge.stderr()), 'the edge complains');
  edge.forgive();
});

test('the browsers are told to come with https only, as long as the site says', async (t) => {
  const { edge } = await startSites(t, { 'a.test': { ...plainSite, hstsSeconds: 86_400 } });
  const { headers } = await get(edge.port, 'a.test');
  assert.equal(headers['strict-transport-security'], 'max-age=86400');
});

const withClients = (clients: 'required' | 'asked') => ({
  sites: { 'a.test': { ...plainSite, clients }, 'b.test': plainSite },
  tls: {
    certificates: [certificateFor(['a.test'], 'a.test'), certificateFor(['b.test'], 'b.test')],
    clientAuthorities: { 'a.test': pem('clients-ca.pem') },
  },
});
const ann = { cert: pem('ann.pem'), key: pem('ann.key') };
const mallory = { cert: pem('mallory.pem'), key: pem('mallory.key') };
const spoofed = {
  'X-Client-Cert-Subject': 'CN=root',
  'x-client-cert-fingerprint': 'ff',
  X_Client_Cert_Subject: 'CN=root',
};

test('a site that requires certificates serves who shows a good one, and the app learns whose it is', async (t) => {
  const { sites, tls: parts } = withClients('required');
  const { edge } = await startSites(t, sites, parts);
  const { headers } = said(await get(edge.port, 'a.test', { ...ann, headers: spoofed }));
  assert.equal(headers['x-client-cert-subject'], 'CN=ann,O=Example\\, Inc.');
  assert.equal(headers['x-client-cert-issuer'], 'CN=clients-ca');
  assert.match(headers['x-client-cert-fingerprint'] ?? '', /^[0-9a-f]{64}$/);
  assert.match(headers['x-client-cert-serial'] ?? '', /^[0-9A-F]+$/);
  assert.equal(headers.x_client_cert_subject, undefined);
  const refused = await get(edge.port, 'a.test');
  assert.equal(refused.status, 403);
  assert.match(refused.body, /certificate/);
  assert.equal((await get(edge.port, 'a.test', mallory)).status, 403);
});

test('a site that only asks serves everybody, and nobody can say to be somebody', async (t) => {
  const { sites, tls: parts } = withClients('asked');
  const { edge } = await startSites(t, sites, parts);
  for (const who of [{}, mallory]) {
    const { headers } = said(await get(edge.port, 'a.test', { ...who, headers: spoofed }));
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.includes('client-cert')),
      [],
    );
  }
});

test('what was verified for one site is of no value at another, by whatever Host', async (t) => {
  const { sites, tls: parts } = withClients('required');
  const { edge } = await startSites(t, sites, parts);
  // In by the open door, on to the closed one; and with a certificate to a site that knows nothing of it.
  const sneaked = await get(edge.port, 'b.test', { headers: { host: 'a.test' } });
  assert.equal(sneaked.status, 421);
  const carried = await get(edge.port, 'a.test', { ...ann, headers: { host: 'b.test' } });
  assert.equal(carried.status, 421);
});

test('a session that is resumed belongs to the same client', async (t) => {
  const { sites, tls: parts } = withClients('required');
  const { edge } = await startSites(t, sites, parts);
  const options = { port: edge.port, host: '127.0.0.1', ca: testCa, servername: 'a.test' };
  const first = tls.connect({ ...options, ...ann });
  const [session] = (await once(first, 'session')) as [Buffer];
  first.destroy();
  const again = new RawClient(t, edge.port, { ...options, session });
  again.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await again.sees('CN=ann');
  assert.equal((again.socket as tls.TLSSocket).isSessionReused(), true);
});

test('a session of one site does not open another', async (t) => {
  const { sites, tls: parts } = withClients('required');
  const { edge } = await startSites(t, sites, parts);
  const to = (servername: string, more: tls.ConnectionOptions) =>
    tls.connect({ port: edge.port, host: '127.0.0.1', ca: testCa, servername, ...more });
  const first = to('b.test', {});
  const [session] = (await once(first, 'session')) as [Buffer];
  first.destroy();
  const second = to('a.test', { session, checkServerIdentity: () => undefined });
  await once(second, 'secureConnect');
  assert.equal(second.isSessionReused(), false);
  second.destroy();
});

test('a challenge of ACME is answered at any host, and by its protocol only', async (t) => {
  const { edge } = await startSites(
    t,
    { 'a.test': plainSite },
    { challenges: { http: { tok: 'tok.print' }, alpn: [certificateFor(['new.test'], 'b.test')] } },
  );
  const challenge = { path: '/.well-known/acme-challenge/tok', headers: { host: 'new.test' } };
  const got = await get(edge.port, 'a.test', challenge);
  assert.deepEqual([got.status, got.body], [200, 'tok.print']);
  const socket = tls.connect({
    port: edge.port,
    host: '127.0.0.1',
    servername: 'new.test',
    ALPNProtocols: ['acme-tls/1'],
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  assert.equal(socket.alpnProtocol, 'acme-tls/1');
  socket.destroy();
  assert.match(
    await handshakeError(edge.port, { servername: 'new.test' }),
    /unrecognized name|alert number 112/,
  );
});

test('large bodies go both ways whole, however slowly the client reads', async (t) => {
  const app = await startApp(t, (request, response) => void request.pipe(response));
  const target = targetOf('web.0#1', app.address);
  const table = tableOf({ pools: { web: { targets: [target] } } });
  const edge = await startEdge(t, table, false, tlsOf({ certificates: [certificateFor(['*'], 'a.test')] }));
  const body = randomBytes(6 * 1024 * 1024);
  const options = { host: '127.0.0.1', port: edge.port, servername: 'a.test', ca: testCa, agent: false };
  const request = https.request({ ...options, method: 'POST', headers: { host: 'a.test' } });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of response) {
    pieces.push(piece);
    if (pieces.length % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(Buffer.concat(pieces).equals(body));
});

test('an answer that breaks off is seen to, also when only the end of the connection would have ended it', async (t) => {
  const sockets: net.Socket[] = [];
  const app = await startRawApp(t, (socket) => {
    sockets.push(socket);
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    });
  });
  const target = targetOf('web.0#1', app.address);
  const table = tableOf({ pools: { web: { targets: [target] } } });
  const edge = await startEdge(t, table, false, tlsOf({ certificates: [certificateFor(['*'], 'a.test')] }));
  const secure = { ca: testCa, servername: 'a.test' };
  // HTTP/1.0 knows no chunks.
  const client = new RawClient(t, edge.port, secure).write('GET / HTTP/1.0\r\nHost: a.test\r\n\r\n');
  await client.sees('hello');
  for (const socket of sockets) socket.destroy();
  await until(() => client.closed, 'the connection is closed');
  assert.equal(client.ended, false);
  assert.match(client.error?.code ?? '', /ECONNRESET/);
});

test('who has too many connections already gets no handshake, and the others go on', async (t) => {
  const { edge, table } = await startSites(t, { 'a.test': plainSite });
  await edge.apply({ ...table(), limits: { ...table().limits, connectionsPerIp: 1 } });
  const first = tls.connect({ host: '127.0.0.1', port: edge.port, ca: testCa, servername: 'a.test' });
  await once(first, 'secureConnect');
  const second = new RawClient(t, edge.port);
  await second.sawEnd();
  const closed = once(first, 'close');
  first.destroy();
  await closed;
  // Handshakes that fail do not count for ever.
  for (let n = 0; n < 3; n++) {
    const ciphers = 'ECDHE-ECDSA-AES128-SHA';
    await handshakeError(edge.port, { servername: 'a.test', maxVersion: 'TLSv1.2', ciphers });
    await handshakeError(edge.port, { servername: 'other.test' });
  }
  // The edge learns of it a moment later.
  let status: number | undefined;
  for (let n = 0; n < 100 && status !== 200; n++) {
    status = await get(edge.port, 'a.test').then(
      (got) => got.status,
      () => undefined,
    );
  }
  assert.equal(status, 200);
});

test('an edge that drains ends who is idle or has not come far, with a goodbye', async (t) => {
  const { edge } = await startSites(t, { 'a.test': plainSite });
  const idle = new RawClient(t, edge.port, { ca: testCa, servername: 'a.test' });
  idle.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await idle.sees('HTTP/1.1 200 ');
  const silent = new RawClient(t, edge.port);
  await once(silent.socket, 'connect');
  edge.send({ type: 'drain', timeoutMs: 10_000 });
  await Promise.all([idle.sawEnd(), silent.sawEnd()]);
  assert.equal(idle.error, undefined);
  assert.equal(await edge.exited, 0);
});

test('curl and openssl are content', async (t) => {
  requireProgram(t, 'curl');
  requireProgram(t, 'openssl');
  const { edge } = await startSites(t, { 'a.test': plainSite });
  const url = `https://a.test:${edge.port}/x?y=1`;
  const { stdout } = await run('curl', [
    ...['-sS', '--cacert', tlsFile('ca.pem'), '--resolve', `a.test:${edge.port}:127.0.0.1`],
    ...['-w', '\n%{http_code} %{ssl_verify_result}', url, url],
  ]);
  assert.equal(stdout.match(/\n200 0/g)?.length, 2);
  const client = run('openssl', [
    ...['s_client', '-connect', `127.0.0.1:${edge.port}`, '-servername', 'a.test'],
    ...['-CAfile', tlsFile('ca.pem'), '-verify_return_error', '-brief'],
  ]);
  client.child.stdin?.end();
  const openssl = await client;
  assert.match(openssl.stdout + openssl.stderr, /Verification: OK/);
});

test('a site whose certificate nobody takes is told of, until somebody takes it', async (t) => {
  requireProgram(t, 'curl');
  const { edge } = await startSites(t, { 'a.test': plainSite });
  const url = `https://a.test:${edge.port}/`;
  const args = ['-sS', '--resolve', `a.test:${edge.port}:127.0.0.1`, url];
  const distrusting = Array.from({ length: 5 }, () => run('curl', args).catch(() => undefined));
  assert.deepEqual(await Promise.all(distrusting), Array(5).fill(undefined));
  const { rejections } = await edge.heard('rejections');
  assert.deepEqual(rejections, [
    { site: 'a.test', reason: 'clients do not know the authority that signed its certificate' },
  ]);
  await run('curl', ['--cacert', tlsFile('ca.pem'), ...args]);
  await edge.heard('rejections', (said) => said.rejections.length === 0);
});
