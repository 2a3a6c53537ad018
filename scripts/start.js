/**
 * `npm start`: installs and builds what is missing, runs examples/chat under Holdfast in a home of its own, and shows what
 * runs until Ctrl-C. Needs Node and npm, nothing else. At the end nothing is left: no process, no file.
 *
 *   npm start                     port 8080, or a free one when that is taken
 *   PORT=9000 npm start           another port
 *   npm start -- --no-build       with what was built before
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, filesBelow, install, requireNode, root } from './prepare.js';

const CONFIG = join(root, 'examples', 'chat', 'holdfast.config.js');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());
// When the terminal is closed there is nobody left to read, and cleaning up matters more.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop.abort());

requireNode();
if (!process.argv.includes('--no-build')) {
  install();
  if (isBuildStale()) build();
}

const home = mkdtempSync(join(tmpdir(), 'holdfast-'));
const janitor = startJanitor(home);
try {
  process.exitCode = await runExample();
} finally {
  process.exitCode ||= await janitor.cleanUp();
}
process.exit();

/** Resolves with the exit code when the person has seen enough. */
async function runExample() {
  const wanted = Number(process.env.PORT) || 8080;
  const port = (await isFree(wanted)) ? wanted : await anyPort();
  if (port !== wanted) console.log(`Port ${wanted} is taken: using ${port}`);
  console.log('Starting the chat in examples/chat on 3 instances');
  if ((await up(port)) !== 0) return stop.signal.aborted ? 0 : 1;
  const header = [
    `Chat on 3 instances:  http://localhost:${port}`,
    'Open it in two windows. Ctrl-C stops everything.',
  ];
  await watch(header);
  return 0;
}

/** `hold up` with the example's configuration; its words go to the terminal. */
async function up(port) {
  const child = spawn(process.execPath, [join(root, 'bin', 'holdfast.js'), 'up', '-f', CONFIG], {
    env: { ...process.env, HOLDFAST_HOME: home, CHAT_PORT: String(port) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const abort = () => child.kill();
  stop.signal.addEventListener('abort', abort);
  const [code] = await once(child, 'close');
  stop.signal.removeEventListener('abort', abort);
  return code;
}

/** The live view on a terminal; elsewhere a line for everything that happens. */
async function watch(header) {
  if (process.stdout.isTTY) console.log(`\n${header.join('\n')}\n`);
  const { connect } = await import('../dist/client/connect.js');
  const { liveView } = await import('../dist/cli/top/live-view.js');
  const client = await connect({ home });
  await liveView(client, { header, signal: stop.signal });
  client.close();
}

/**
 * A process that takes everything down when this one ends, however it ends: it holds the other end of a pipe, in a
 * session of its own, where neither Ctrl-C nor the end of the terminal reaches it.
 */
function startJanitor(dir) {
  const child = spawn(process.execPath, [join(root, 'scripts', 'start-janitor.js'), dir], {
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = once(child, 'exit');
  return {
    async cleanUp() {
      console.log('Stopping everything');
      child.stdin.end();
      const [code] = await ended;
      if (code === 0) console.log('Stopped. Nothing is left running.');
      return code ?? 1;
    },
  };
}

/** Compiled code that is missing or older than a source file. */
function isBuildStale() {
  if (!existsSync(join(root, 'dist', 'cli', 'main.js'))) return true;
  const time = (file) => statSync(file).mtimeMs;
  const built = filesBelow(join(root, 'dist')).map(time);
  const sources = [
    ...filesBelow(join(root, 'src')),
    join(root, 'tsconfig.json'),
    join(root, 'tsconfig.build.json'),
  ];
  return Math.max(...sources.map(time)) > Math.min(...built);
}

async function isFree(port) {
  return (await canListen(port, '::')) && (await canListen(port, '0.0.0.0'));
}

function canListen(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    // A machine without IPv6 has nobody listening there either.
    server.once('error', (error) => resolve(error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL'));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

async function anyPort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
