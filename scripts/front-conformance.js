// Sends the raw requests of test/edge/http1-requests.json to the built-in edge, and to nginx, Apache, HAProxy and Caddy as exported,
// and writes what they make of them differently into docs/guide/fronts/odd-requests.md. Traefik is not in Debian, so it is not among
// them. Run `npm run build:tests` first; another directory than .build may be named.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './prepare.js';

const built = resolve(process.argv[2] ?? join(root, '.build'));
const load = (path) => import(pathToFileURL(join(built, path)).href);
const { startEdge, tableOf, targetOf } = await load('test/edge/edge-process.js');
const { startFront } = await load('test/fronts/front-world.js');
const { app: fixture } = await load('test/support/root.js');
const { freePort } = await load('test/support/ports.js');

const cases = JSON.parse(readFileSync(join(root, 'test/edge/http1-requests.json'), 'utf8'));
const page = join(root, 'docs/guide/fronts/odd-requests.md');
const [BEGIN, END] = ['<!-- written by scripts/front-conformance.js -->', '<!-- end -->'];

const ends = [];
const t = { after: (end) => ends.unshift(end), skip() {} };

/** An app that answers everything, and writes down what reached it. */
let reached = '';
const app = net.createServer((socket) => {
  let text = '';
  let answered = 0;
  socket.on('error', () => {});
  socket.setEncoding('latin1').on('data', (piece) => {
    reached += piece;
    text += piece;
    for (; answered < requestsIn(text).length; answered++)
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
});

try {
  const port = await freePort();
  app.listen(port, '127.0.0.1');
  await once(app, 'listening');
  const place = { host: '127.0.0.1', port };
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('web.0#1', place)] } } }));
  const others = [
    ['nginx', 'nginx', '-v'],
    ['Apache', 'apache2', '-v', 'apache'],
    ['HAProxy', 'haproxy', '-v'],
    ['Caddy', 'caddy', 'version'],
  ];
  const fronts = [['built-in edge', edge.port]];
  for (const [title, program, option, target = program] of others) {
    const apps = { web: { run: fixture('everything.js'), port, sticky: 'none' } };
    const front = await startFront(t, target, { apps, sites: { '*': { routes: { '/': 'web' } } } });
    if (!front) throw new Error(`There is no ${program} on this machine`);
    fronts.push([`${title} ${version(program, option)}`, front.port]);
  }
  const rows = [];
  for (const one of cases) {
    const outcomes = [];
    for (const [, at] of fronts) outcomes.push(await outcome(one, at));
    if (new Set(outcomes).size > 1) rows.push([`${shown(one.raw)} (${one.id})`, ...outcomes]);
  }
  write([['request', ...fronts.map(([title]) => title)], fronts.map(() => '---').concat('---'), ...rows]);
  console.log(`${rows.length} of ${cases.length} requests are not treated alike`);
} finally {
  for (const end of ends) await end();
  app.close();
  app.closeAllConnections?.();
}
process.exit(0);

function version(program, option) {
  const text = execFileSync('sh', ['-c', '"$0" "$@" 2>&1', program, option], { encoding: 'utf8' });
  return /(\d+\.\d+)/.exec(text)?.[1] ?? '';
}

/** The request as one sees it, without the host that all of them name, and without the end that all heads have. */
function shown(raw) {
  const text = JSON.stringify(raw.replace(/(?<=\r\n)Host: a\.test\r\n/, '').replace(/\r\n\r\n$/, ''));
  const line = text.slice(1, -1).replaceAll('\\"', '"').replaceAll('|', '\\|');
  return `\`${line.length > 90 ? `${line.slice(0, 90)}…` : line}\``;
}

/** In words of the table. */
async function outcome(one, port) {
  reached = '';
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let received = '';
  let over = false;
  socket.on('error', () => {});
  socket.on('close', () => {
    over = true;
  });
  socket.on('end', () => {
    over = true;
  });
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  socket.write(one.raw, 'latin1');
  if (one.trunc) socket.end();
  const answers = one.two ? /HTTP\/1[\s\S]+HTTP\/1/ : /^HTTP\/1.1 [2-5]/;
  for (const end = Date.now() + 3000; !over && !answers.test(received) && Date.now() < end; ) await pause(5);
  socket.destroy();
  // What comes late is of this request, too.
  await pause(20);
  return words(Number(/^HTTP\/1.1 (\d+)/.exec(received)?.[1] ?? 0), requestsIn(reached), one);
}

function words(status, requests, one) {
  // How much of it has come before it is known to be cut off is chance.
  if (one.trunc && requests.length === 0) return 'not passed on whole';
  if (requests.length === 0 && reached === '') {
    if (status >= 400) return 'refused';
    return status === 0 ? 'closed without an answer' : `${status}, not passed on`;
  }
  const lines = requests.map((request) => request.slice(0, request.indexOf(' HTTP/1')));
  const told = lines.map((line) => `\`${line.replaceAll('|', '\\|')}\``).join(' and ');
  return `passed on as ${told || 'something that is no request'}`;
}

/** Whole requests, by the plainest reading of RFC 9112. */
function requestsIn(bytes) {
  const found = [];
  for (let rest = bytes; ; ) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return found;
    const head = rest.slice(0, end);
    const after = rest.slice(end + 4);
    const body = /\r\nTransfer-Encoding: chunked/i.test(head)
      ? /^(?:([0-9a-f]+)\r\n[\s\S]*?\r\n)*?0\r\n(?:[^\r\n]+\r\n)*\r\n/i.exec(after)?.[0].length
      : Number(/\r\nContent-Length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (body === undefined || after.length < body) return found;
    found.push(rest.slice(0, end + 4 + body));
    rest = after.slice(body);
  }
}

function write(rows) {
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`There is no "${BEGIN}" with "${END}" after it in ${page}`);
  const table = rows.map((cells) => `| ${cells.map((cell) => cell.trim()).join(' | ')} |`).join('\n');
  writeFileSync(page, `${before}${BEGIN}\n${table}\n${END}${after}`);
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
