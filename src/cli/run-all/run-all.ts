/** `hold run-all`: the daemon with a home of its own, its apps' output here, and an end in order. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awaitEnd } from '../../client/await-end.ts';
import type { Client } from '../../client/client.ts';
import { connect, connectNow } from '../../client/connect.ts';
import { findHome } from '../../client/home.ts';
import { loadPlan } from '../../config/load.ts';
import type { Plan } from '../../config/plan.ts';
import { HoldfastError, isSystemError } from '../../errors.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import { homePaths } from '../../protocol/home.ts';
import type { Context } from '../context.ts';
import { ForeignExit } from '../foreign.ts';
import { containerPlan } from './container-plan.ts';
import { type Address, serveHealth } from './health.ts';
import { judge, readiness } from './judgement.ts';
import { news, sayEvent } from './news.ts';
import { Output } from './output.ts';

export interface RunAllOptions {
  readonly file: string | undefined;
  readonly plain: boolean;
  readonly health: Address | null;
}

/**
 * Until a signal comes, all apps have ended, or one of them has failed for good.
 *
 * @throws ForeignExit: 1 when an app has failed or had to be killed, else the code of the last app that ended by itself
 */
export async function runAll(context: Context, options: RunAllOptions): Promise<void> {
  const { home, isTemporary } = await homeOf(context);
  try {
    const { cwd, env } = context;
    const loaded = await loadPlan({ ...(options.file !== undefined && { file: options.file }), cwd, env });
    const code = await new Foreground(context, home, containerPlan(loaded, env, isTemporary), options).run();
    if (code !== 0) throw new ForeignExit(code);
  } finally {
    if (isTemporary) rmSync(home, { recursive: true, force: true });
  }
}

/** One that was named is used, so that certificates outlive the container; otherwise one for this time only. */
async function homeOf({ home, env, cwd }: Context): Promise<{ home: string; isTemporary: boolean }> {
  const usual = findHome({ env: { ...env, HOLDFAST_HOME: '' }, cwd, uid: process.getuid?.() });
  if (home === usual) return { home: temporary(), isTemporary: true };
  const running = await connectNow(home);
  if (!running) return { home, isTemporary: false };
  running.close();
  throw new HoldfastError('BUSY', `Cannot run all in "${home}": Holdfast runs there already`, {
    hint: 'Use `hold up`, or another home',
  });
}

function temporary(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'holdfast-'));
  } catch (error) {
    throw new HoldfastError(
      'HOME_UNUSABLE',
      `Cannot make a directory in "${tmpdir()}": ${isSystemError(error) ? error.message : error}`,
      { hint: 'In a container with a read-only file system, mount a tmpfs at /tmp, or name one by TMPDIR' },
    );
  }
}

class Foreground {
  readonly #context: Context;
  readonly #home: string;
  readonly #plan: Plan;
  readonly #options: RunAllOptions;
  readonly #begun = Date.now();
  /** Aborted when it is to end, for whatever reason. */
  readonly #over = new AbortController();
  #wasReady = false;
  #code = 0;

  constructor(context: Context, home: string, plan: Plan, options: RunAllOptions) {
    this.#context = context;
    this.#home = home;
    this.#plan = plan;
    this.#options = options;
  }

  async run(): Promise<number> {
    const { health, plain } = this.#options;
    // A second signal makes nobody faster: after the stop timeout they are killed in any case.
    this.#context.takeSignals(() => this.#over.abort());
    const server = health && (await serveHealth(health, this));
    const output = new Output(this.#context, {
      dir: homePaths(this.#home).logs,
      since: this.#begun,
      plain,
    });
    try {
      const client = await connect({ home: this.#home, start: true });
      output.follow((error) => this.#fail(error));
      const listening = this.#listen();
      await this.#up(client).catch((error) => this.#fail(error));
      await this.#listened(listening);
    } finally {
      await this.#down();
      await output.finish();
      server?.close();
      server?.closeAllConnections();
    }
    return this.#code;
  }

  async alive() {
    const client = await connectNow(this.#home);
    if (!client) return { ok: false, text: 'the daemon does not answer' };
    client.close();
    return { ok: true, text: 'alive' };
  }

  async ready() {
    if (this.#over.signal.aborted) return { ok: false, text: 'stopping' };
    const views = await this.#ask((client) => client.apps());
    const answer = readiness(this.#plan, views, this.#wasReady);
    this.#wasReady ||= answer.ok;
    return answer;
  }

  async #up(client: Client): Promise<void> {
    try {
      await client.up(this.#plan, { signal: this.#over.signal });
    } catch (error) {
      if (this.#over.signal.aborted) return;
      // It is tried again, as its `restart` says, until it is given up.
      if (error instanceof HoldfastError && error.code === 'START_FAILED') return;
      throw error;
    } finally {
      client.close();
    }
  }

  /** Says what happens, and finds out when it is over. */
  async #listen(): Promise<void> {
    const { signal } = this.#over;
    const events = news({ since: this.#begun, signal, connect: () => connect({ home: this.#home }) });
    for await (const event of events) {
      sayEvent(this.#context, event, this.#options.plain);
      if (event.type !== 'instance.failed' && event.type !== 'instance.done') continue;
      await this.#judge(event);
    }
  }

  async #listened(listening: Promise<void>): Promise<void> {
    await listening.catch((error) => this.#fail(error));
  }

  async #judge(event: HoldfastEvent): Promise<void> {
    const verdict = judge(this.#plan, await this.#ask((client) => client.apps()));
    if (verdict === 'goes on') return;
    if (verdict === 'over') this.#code = typeof event.data?.code === 'number' ? event.data.code : 0;
    else
      this.#fail(new HoldfastError('START_FAILED', `${verdict.failed} has failed for good: all is stopped`));
    this.#over.abort();
  }

  #fail(error: unknown): void {
    if (this.#code === 0) this.#code = 1;
    const text = error instanceof Error ? error.message : String(error);
    const { err } = this.#context;
    const line = { time: new Date().toISOString(), stream: 'holdfast', event: 'run-all.failed', line: text };
    err.line(this.#options.plain ? text : JSON.stringify(line));
    this.#over.abort();
  }

  async #down(): Promise<void> {
    this.#over.abort();
    const { plain } = this.#options;
    const say = (event: HoldfastEvent) => {
      if (event.type === 'instance.killed') this.#code = this.#code || 1;
      sayEvent(this.#context, event, plain);
    };
    const client = await connect({ home: this.#home }).catch(() => null);
    // There is none: it has not begun.
    if (!client) return;
    try {
      await client.down({ onEvent: say });
    } catch (error) {
      this.#fail(error);
    } finally {
      client.close();
    }
    await awaitEnd(this.#home);
  }

  async #ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    // Not started anew: perhaps it is about to end, as it should.
    const client = await connect({ home: this.#home });
    try {
      return await question(client);
    } finally {
      client.close();
    }
  }
}
