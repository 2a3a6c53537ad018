/** PROXY headers: of a load balancer in front of the edge, and for servers behind it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { accessLogDefaults } from '../../src/config/traffic-defaults.ts';
import { proxyHeader } from '../../src/edge/proxy-protocol/write.ts';
import type { EdgeTarget } from '../../src/protocol/edge-table.ts';
import { certificateFor, testCa } from '../support/certificates.ts';
import { requireProgram } from '../support/programs.ts';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { ask, RawClient, startApp, startRawApp, until } from './support.ts';

const CLIENT = { ip: '192.0.2.7', port: 5678, localIp: '198.51.100.1', localPort: 8443 };
const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const TRUST = ['127.0.0.1'];

/** An app that says who its client is. */
async function startTeller(t: TestContext): Promise<EdgeTarget> {
  const app = await startApp(t, (request, response) => {
    const { 'x-forwarded-for': ip, 'x-forwarded-port': port, 'x-holdfast-client': client } = request.headers;
    void request.toArray().then(() => response.end(`<${ip} ${port} ${client}>`));
  });
  return targetOf('web.0#1', app.address, { guest: true });
}

const SEEN = '<192.0.2.7 8443 192.0.2.7 5678 http>';

test('the client is whoever the header names, for apps, limits and logs', async (t) => {
  const targets = [await startTeller(t)];
  const parts = {
    pools: { web: { targets } },
    accessLog: accessLogDefaults,
    proxyProtocol: true,
    trust: TRUST,
  };
  const edge = await startEdge(t, tableOf({ ...parts, limits: { connectionsPerIp: 2, headTimeoutMs: 400 } }));
  for (const version of ['v1', 'v2'] as const) {
    const header = proxyHeader(version, CLIENT);
    const whole = new RawClient(t, edge.port).write(header + GET);
    await whole.sees(SEEN);
    await whole.write(GET).sees(/<[\s\S]*<192/);
    // In pieces, each by itself.
    const pieces = new RawClient(t, edge.port);
    for (const byte of header + GET) {
      pieces.write(byte);
      if (byte === '\n' || byte === '\r') await new Promise(setImmediate);
    }
    await pieces.sees(SEEN);
    const third = new RawClient(t, edge.port).write(header + GET);
    await third.sees('HTTP/1.1 503 ');
    for (const client of [whole, pieces, third]) client.socket.destroy();
    await until(() => /^192\.0\.2\.7 a\.test GET \/ 200/m.test(edge.stdout()), 'the log names the client');
    // The places of the client are free again.
    const next = async (): Promise<void> => {
      const one = new RawClient(t, edge.port).write(header + GET);
      await one.sees('HTTP/1.1 ');
      one.socket.destroy();
      if (!one.received.includes('200')) await next();
    };
    await next();
  }
  // Whoever speaks for itself is the client.
  for (const header of [proxyHeader('v1', undefined), proxyHeader('v2', undefined)])
    await new RawClient(t, edge.port).write(header + GET).sees('<127.0.0.1 ');
});

test('who sends no header, or may not, is refused with a line in the log', async (t) => {
  const targets = [await startTeller(t)];
  const parts = { pools: { web: { targets } }, accessLog: accessLogDefaults, proxyProtocol: true };
  const edge = await startEdge(t, tableOf({ ...parts, trust: TRUST, limits: { headTimeoutMs: 300 } }));
  const refused = async (bytes: string) => {
    const client = await new RawClient(t, edge.port).write(bytes).sawEnd();
    assert.equal(client.received, '');
  };
  await refused(GET);
  await refused('PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n');
  await refused('PROXY TCP4 ');
  // A load balancer that only looks whether the port is open.
  await refused('');
  await edge.apply(tableOf({ ...parts, trust: ['10.0.0.0/8'] }));
  await refused(proxyHeader('v1', CLIENT) + GET);
  await until(() => edge.stdout().split('\n').length >= 5, 'the log is written');
  const none = 'the connection does not begin with a PROXY header';
  assert.deepEqual(
    edge
      .stdout()
      .split('\n')
      .map((line) => line.replace(/^.* \d+\.\dms /, '')),
    [
      none,
      none,
      'the PROXY header did not come in time',
      'PROXY headers are taken of peers in "trust" only',
      '',
    ],
  );
  assert.match(edge.stderr(), /A connection from 127\.0\.0\.1 was refused: the connection does not begin/);
  assert.equal(edge.stderr().split('\n').length, 2, 'once a minute is enough');
  edge.forgive();
});

test('the header comes before TLS, and an edge that drains does not wait for headers', async (t) => {
  const targets = [await startTeller(t)];
  const table = tableOf({
    pools: { web: { targets } },
    proxyProtocol: true,
    trust: TRUST,
    sites: [
      {
        host: 'a.test',
        routes: [{ prefix: '/', pool: 'web' }],
        tls: { redirect: false, hstsSeconds: null, clients: null },
      },
    ],
  });
  const edge = await startEdge(t, table, false, {
    certificates: [certificateFor(['a.test'], 'a.test')],
    clientAuthorities: {},
    ticketKeys: Buffer.alloc(48, 7).toString('base64'),
    challenges: { http: {}, alpn: [] },
  });
  const below = net.connect(edge.port, '127.0.0.1');
  below.write(proxyHeader('v2', CLIENT), 'latin1');
  const socket = tls.connect({ socket: below, servername: 'a.test', ca: testCa });
  t.after(() => socket.destroy());
  socket.write(GET);
  let received = '';
  socket.setEncoding('utf8').on('data', (text) => {
    received += text;
  });
  await until(() => received.includes('<192.0.2.7 8443 192.0.2.7 5678 https>'), 'the app sees the client');
  socket.destroy();
  const silent = net.connect(edge.port, '127.0.0.1');
  t.after(() => silent.destroy());
  await once(silent, 'connect');
  edge.send({ type: 'drain', timeoutMs: 60_000 });
  await once(silent.resume(), 'close');
  assert.equal(await edge.exited, 0);
});

test('a server behind the edge gets the client in a header, on a connection for that request', async (t) => {
  const heads: string[] = [];
  const app = await startRawApp(t, (socket) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      if (!text.endsWith('\r\n\r\n')) return;
      heads.push(text.slice(0, text.indexOf('GET ')));
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  const parts = { proxyProtocol: true, trust: TRUST };
  const targets = (version: 'v1' | 'v2') => [
    { ...targetOf(`web.${version}`, app.address), proxyProtocol: version },
  ];
  const edge = await startEdge(t, tableOf({ ...parts, pools: { web: { targets: targets('v1') } } }));
  for (const version of ['v1', 'v2'] as const) {
    await edge.apply(tableOf({ ...parts, pools: { web: { targets: targets(version) } } }));
    const header = proxyHeader(version, CLIENT);
    const client = new RawClient(t, edge.port).write(header + GET);
    await client.sees('ok');
    await client.write(GET).sees(/ok[\s\S]*ok/);
    assert.deepEqual(heads.splice(0), [header, header]);
  }
});

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server with a configuration, and waits until it listens. */
async function startProgram(
  t: TestContext,
  file: string,
  args: (path: string) => string[],
  text: string,
  port: number,
) {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-program-'));
  const path = join(dir, 'config');
  writeFileSync(path, text.replaceAll('DIR', dir));
  const child: ChildProcess = spawn(file, args(path), { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr?.on('data', (bytes) => {
    stderr += bytes;
  });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGTERM');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  });
  let open = false;
  await until(() => {
    if (child.exitCode !== null) throw new Error(`${file} has ended: ${stderr}`);
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => {
      open = true;
      socket.destroy();
    });
    socket.on('error', () => {});
    return open;
  }, `${file} listens`);
}

test('HAProxy in front of the edge, and HAProxy and nginx behind it', async (t) => {
  const haproxy = requireProgram(t, 'haproxy');
  const nginx = haproxy && requireProgram(t, 'nginx');
  if (!haproxy || !nginx) return;
  const [one, two, three, nginxPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const targets = [await startTeller(t)];
  const parts = { proxyProtocol: true, trust: TRUST, limits: { headTimeoutMs: 60_000 } };
  const edge = await startEdge(t, tableOf({ ...parts, pools: { web: { targets } } }));
  const defaults = 'defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n';
  const front = (name: string, port: number, word: string) =>
    `listen ${name}\n mode tcp\n bind 127.0.0.1:${port}\n server edge 127.0.0.1:${edge.port} ${word}\n`;
  const teller = `frontend told\n bind 127.0.0.1:${three} accept-proxy\n http-request return status 200 content-type text/plain lf-string "<%[src] %[src_port] %[dst_port]>"\n`;
  await startProgram(
    t,
    haproxy,
    (path) => ['-f', path],
    defaults + front('one', one, 'send-proxy') + front('two', two, 'send-proxy-v2') + teller,
    three,
  );
  for (const port of [one, two]) {
    const { body } = await ask(port, '/', { localAddress: '127.0.0.9' });
    assert.match(body, new RegExp(`^<127\\.0\\.0\\.9 ${port} 127\\.0\\.0\\.9 \\d+ http>$`));
  }
  await startProgram(
    t,
    nginx,
    (path) => ['-c', path, '-g', 'daemon off; error_log stderr;'],
    `pid DIR/pid; events {} http { access_log off; client_body_temp_path DIR/b; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
     server { listen 127.0.0.1:${nginxPort} proxy_protocol; return 200 "<$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_port>"; } }`,
    nginxPort,
  );
  const ends = proxyHeader('v1', CLIENT);
  for (const port of [three, nginxPort]) {
    for (const version of ['v1', 'v2'] as const) {
      const target = {
        ...targetOf(`${port} ${version}`, { host: '127.0.0.1', port }),
        proxyProtocol: version,
      };
      await edge.apply(tableOf({ ...parts, pools: { web: { targets: [target] } } }));
      await new RawClient(t, edge.port).write(ends + GET).sees('<192.0.2.7 5678 8443>');
    }
  }
});
