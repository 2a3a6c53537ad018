/** Loads in a process of their own, so that a busy test does not slow them and they do not slow the test. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanup, type Test } from './cleanup.ts';
import { plainEnv } from './hold.ts';
import type { HttpLoadOptions, LoadReport } from './http-load.ts';
import { until } from './until.ts';
import type { WebSocketLoadOptions, WebSocketReport } from './websocket-load.ts';

/** A load that runs until it is stopped, at the latest when the test is over. */
export interface RunningLoad<Report> {
  /** What happened so far. */
  report(): Promise<Report>;
  /** Lets what is under way end, and says what happened. */
  stop(): Promise<Report>;
}

export interface RunningHttpLoad extends RunningLoad<LoadReport> {
  /** @param moreThan right answers that it goes on for: a slow machine has had few, which prove little */
  stop(moreThan?: number): Promise<LoadReport>;
}

export type LoadOrder =
  | { readonly type: 'http'; readonly options: HttpLoadOptions }
  | { readonly type: 'websocket'; readonly options: WebSocketLoadOptions }
  | { readonly type: 'report' }
  | { readonly type: 'stop' };

/** Starts an HTTP load; resolves when every connection has had its first outcome. */
export async function startLoad(t: Test, options: HttpLoadOptions): Promise<RunningHttpLoad> {
  const { report, stop } = await start<LoadReport>(t, { type: 'http', options });
  return {
    report,
    async stop(moreThan = 0) {
      if (moreThan > 0)
        await until(async () => (await report()).ok > moreThan, { why: 'there are more answers' });
      return stop();
    },
  };
}

/** Opens WebSockets; resolves when all are open or have failed to. */
export function startWebSockets(
  t: Test,
  options: WebSocketLoadOptions,
): Promise<RunningLoad<WebSocketReport>> {
  return start(t, { type: 'websocket', options });
}

async function start<Report>(t: Test, order: LoadOrder): Promise<RunningLoad<Report>> {
  const here = fileURLToPath(import.meta.url);
  const script = new URL(`./load-process${extname(here)}`, import.meta.url);
  const child = fork(script, { execArgv: [], env: plainEnv() });
  const exited = once(child, 'exit');
  cleanup(t, async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const ask = async (message: LoadOrder): Promise<unknown> => {
    const answer = once(child, 'message');
    child.send(message);
    const gone = exited.then(([code, signal]) => {
      throw new Error(`The load's process ended with ${code ?? signal}`);
    });
    const [value] = await Promise.race([answer, gone]);
    return value;
  };
  await ask(order);
  return {
    report: async () => (await ask({ type: 'report' })) as Report,
    stop: async () => (await ask({ type: 'stop' })) as Report,
  };
}
