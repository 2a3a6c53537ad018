/** What is done with one host of a deploy, and what went wrong. */
import { asHoldfastError, HoldfastError } from '../../errors.ts';
import type { DeployTarget } from '../../protocol/release-rules.ts';
import type { MakeRequest } from '../../release/remote/messages.ts';
import type { RolloutAction, RolloutResult } from '../../release/remote/rollout.ts';
import type { Source } from '../../release/seams.ts';
import { runHostHook } from './hosts-hook.ts';
import type { HostsProgress } from './hosts-progress.ts';
import type { Sessions } from './hosts-sessions.ts';

export interface HostChangesOptions {
  readonly sessions: Sessions;
  readonly progress: HostsProgress;
  readonly target: DeployTarget;
  /** Of hooks: the directory of the configuration file. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whoever waits has given up. */
  readonly signal: AbortSignal;
  /** What is made everywhere, or by host the earlier release that is to serve. */
  readonly what:
    | { readonly request: MakeRequest; readonly source: Source }
    | { readonly releases: ReadonlyMap<string, string> };
}

export class HostChanges {
  readonly #options: HostChangesOptions;
  /** Release that serves now, by host, as far as it was changed. */
  readonly serving = new Map<string, string>();
  /** Hosts whose connection ended while they were promoting: they go on with it by themselves. */
  readonly left: string[] = [];
  /** What has failed first. */
  error: HoldfastError | undefined;

  constructor(options: HostChangesOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async act(action: RolloutAction): Promise<RolloutResult> {
    try {
      return await this.#do(action);
    } catch (error) {
      const isLost = error instanceof HoldfastError && error.code === 'HOST_FAILED';
      if (isLost && action.do === 'promote') this.left.push(action.host);
      if (!this.#options.signal.aborted) this.#failed(action.host, error);
      // Nothing serves yet, so the others need not go on making it.
      if (action.do === 'make') this.#options.sessions.cut();
      return { host: action.host, is: 'failed' };
    }
  }

  async #do({ host, do: what }: RolloutAction): Promise<RolloutResult> {
    const session = this.#options.sessions.of(host);
    switch (what) {
      case 'make':
        return { host, is: await this.#make(host) };
      case 'migrate':
        await session.ask({ type: 'migrate' }, 'done');
        return { host, is: 'made' };
      case 'promote': {
        const around = await this.#between(host, () => this.#promote(host));
        return around ? { host, is: 'serving' } : { host, is: 'serving', failed: true };
      }
      case 'goBack': {
        await this.#between(host, () => this.#rollback(host, null, 'serves the release before again'));
        return { host, is: 'back' };
      }
    }
  }

  async #make(host: string): Promise<'made' | 'same'> {
    const { what, sessions, progress } = this.#options;
    if (!('source' in what)) return 'made';
    const record = await sessions.of(host).make(what.request, what.source);
    if (record) return 'made';
    progress.done(host, 'nothing to do: this very content serves already');
    return 'same';
  }

  async #promote(host: string): Promise<void> {
    const { what, sessions, progress } = this.#options;
    if ('releases' in what) return this.#rollback(host, what.releases.get(host) ?? null, 'serves it again');
    const { record } = await sessions.of(host).ask({ type: 'promote' }, 'serves');
    this.serving.set(host, record.id);
    progress.done(host, `${record.id} serves`);
  }

  async #rollback(host: string, release: string | null, told: string): Promise<void> {
    const { sessions, progress } = this.#options;
    const { record } = await sessions.of(host).ask({ type: 'rollback', release }, 'serves');
    this.serving.set(host, record.id);
    progress.done(host, `${record.id} ${told}`);
  }

  /**
   * With the hooks of the target around it. What was taken out of a balancer comes back also when the host was not changed.
   *
   * @returns whether the one behind it went well
   */
  async #between(host: string, action: () => Promise<void>): Promise<boolean> {
    const { target, cwd, env, progress } = this.#options;
    const options = { host, cwd, env, onLine: (line: string) => progress.say(host, line) };
    await runHostHook(target, 'before host', options);
    let failure: unknown;
    await action().catch((error) => {
      failure = error ?? new Error('It has failed');
    });
    const after = await runHostHook(target, 'after host', options).then(
      () => true,
      (error) => {
        if (!failure) this.#failed(host, error);
        return false;
      },
    );
    if (failure) throw failure;
    return after;
  }

  #failed(host: string, thrown: unknown): void {
    const { progress } = this.#options;
    const error = asHoldfastError(thrown);
    if (this.error) {
      // Of those that are cut off there is nothing to tell: we did it.
      if (error.code !== 'HOST_FAILED') progress.failed(host, error.message.replace(`${host}: `, ''));
      return;
    }
    const details = error.details.length > 0 ? error.details : progress.lastOf(host);
    this.error = new HoldfastError(error.code, error.message, { hint: error.hint, details, cause: error });
  }
}
