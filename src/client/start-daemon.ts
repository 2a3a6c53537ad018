/** Brings a daemon to life, or waits for one that is on its way. */
import { spawn } from 'node:child_process';
import { open, readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { HoldfastError } from '../errors.ts';
import { isAlive } from '../kit/proc.ts';
import { homePaths } from '../protocol/home.ts';
import { askInit } from './ask-init.ts';
import { prepareHome } from './home.ts';
import { hangingHint } from './http.ts';

/** null as long as nobody answers. */
type Connect<T> = () => Promise<T | null>;

const pollMs = 15;
const returnTimeoutMs = 5_000;
const startTimeoutMs = 10_000;

/** The daemon's program, beside this one in the package. */
const daemonProgram = fileURLToPath(new URL('../daemon/main.js', import.meta.url));

/**
 * Waits while a live process is named as daemon or holder of the home: a holder starts a new daemon when the old one
 * dies, and a daemon that is starting answers soon. null when there is none, or it does not come back in time.
 */
export async function awaitReturn<T>(home: string, connect: Connect<T>): Promise<T | null> {
  const deadline = Date.now() + returnTimeoutMs;
  while (await isOnItsWay(home)) {
    const client = await connect();
    if (client || Date.now() > deadline) return client;
    await pause(pollMs);
  }
  return null;
}

export interface StartOptions {
  /** The daemon's program, if not that of this package. */
  readonly program?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** How long it may take until it answers. */
  readonly timeoutMs?: number;
}

/**
 * Starts the daemon of the home, detached and in its own session, and waits until it answers; where an init system keeps this
 * home, that one starts it. When two commands do this
 * at once, the daemon without the lock ends quietly and both commands find the other one. DAEMON_UNREACHABLE with
 * the end of daemon.log when it does not come up.
 */
export async function startDaemon<T>(
  home: string,
  connect: Connect<T>,
  { program = daemonProgram, env = process.env, timeoutMs = startTimeoutMs }: StartOptions = {},
): Promise<T> {
  await prepareHome(home);
  if (program === daemonProgram && (await askInit(home))) {
    const client = await answerWithin(timeoutMs, connect);
    if (client) return client;
  }
  const { daemonLog } = homePaths(home);
  const log = await open(daemonLog, 'a', 0o600);
  const logSize = (await log.stat()).size;
  let ended: string | undefined;
  let gaveWay = false;
  const child = spawn(process.execPath, [program, '--home', home], {
    detached: true,
    cwd: '/',
    env: daemonEnv(env),
    stdio: ['ignore', log.fd, log.fd],
  });
  child.on('error', (error) => {
    ended = `cannot run "${process.execPath}": ${error.message}`;
  });
  child.on('exit', (code, signal) => {
    gaveWay = code === 0;
    if (code !== 0) ended = signal ? `it was killed by ${signal}` : `it exited with code ${code}`;
  });
  child.unref();
  try {
    const deadline = Date.now() + timeoutMs;
    while (ended === undefined && Date.now() < deadline) {
      const client = await connect();
      if (client) return client;
      await pause(pollMs);
    }
  } finally {
    await log.close();
  }
  if (gaveWay) throw await silentDaemon(home);
  const reason = ended ?? `it did not answer within ${timeoutMs / 1000} s`;
  throw new HoldfastError('DAEMON_UNREACHABLE', `Cannot start the daemon of "${home}": ${reason}`, {
    hint: `Look into ${daemonLog}`,
    details: await lastLines(daemonLog, logSize, 20),
  });
}

async function answerWithin<T>(timeoutMs: number, connect: Connect<T>): Promise<T | null> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const client = await connect();
    if (client || Date.now() > deadline) return client;
    await pause(pollMs);
  }
}

/** There is one already, which does not answer. */
async function silentDaemon(home: string): Promise<HoldfastError> {
  const { pid } = (await readPid(homePaths(home).daemonPid)) ?? {};
  const which = pid === undefined ? '' : ` (pid ${pid})`;
  return new HoldfastError(
    'DAEMON_UNREACHABLE',
    `The daemon of "${home}"${which} runs, but does not answer`,
    { hint: hangingHint },
  );
}

/** What the daemon and with it the holder keep of the shell's environment: apps get theirs from their plan. */
export function daemonEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|XDG_RUNTIME_DIR|NODE_EXTRA_CA_CERTS)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => kept.test(name)));
}

/** A live process is named as daemon or holder of the home. */
export async function isOnItsWay(home: string): Promise<boolean> {
  const { daemonPid, holderPid } = homePaths(home);
  for (const file of [holderPid, daemonPid]) {
    const named = await readPid(file);
    if (named && isAlive(named)) return true;
  }
  return false;
}

async function readPid(file: string): Promise<{ pid: number; startTime: number } | undefined> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as { pid: number; startTime: number };
    return Number.isInteger(value.pid) && Number.isInteger(value.startTime) ? value : undefined;
  } catch {
    return undefined; // missing or half written: nobody that could be waited for
  }
}

/** The last `count` lines after `offset` of a file. */
async function lastLines(file: string, offset: number, count: number): Promise<string[]> {
  const most = 64 * 1024;
  const start = Math.max(offset, (await stat(file)).size - most);
  const handle = await open(file);
  try {
    const buffer = Buffer.alloc(most);
    const { bytesRead } = await handle.read(buffer, 0, most, start);
    return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').filter(Boolean).slice(-count);
  } finally {
    await handle.close();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
