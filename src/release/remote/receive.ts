/**
 * The host's end of a deploy from another machine. The connection is the deploy: as long as it is there, it has the lock. When it is lost,
 * what is being made is given up; what is being promoted goes on, since the daemon does that.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { asHoldfastError, HoldfastError } from '../../errors.ts';
import type { Lock } from '../../kit/lock.ts';
import type { ReleaseRecord } from '../../protocol/release.ts';
import { currentRelease } from '../current.ts';
import { type DeployOptions, findRelease, prepareRelease, promoteRelease } from '../deploy.ts';
import { lockDeploy } from '../deploy-lock.ts';
import { lastServed } from '../find-release.ts';
import type { Made } from '../make.ts';
import { migrateRelease } from '../migrate.ts';
import { RecordFiles } from '../records.ts';
import { makeScratch } from '../scratch.ts';
import { lookAtReleases } from '../under-way.ts';
import { positionsOf, takeContents } from './contents.ts';
import type { FromHost, Hello, MakeRequest, Request } from './messages.ts';
import { receivedSource, receivedTree } from './received-source.ts';
import { Incoming, send } from './wire.ts';

/** What a deploy on this machine needs, see cli/deploy/surroundings.ts. */
export type ReceiverSurroundings = Omit<
  DeployOptions,
  'source' | 'config' | 'allowNew' | 'offline' | 'migrates' | 'again' | 'by'
>;

export interface ReceiveOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly hello: Omit<Hello, 'type'>;
  /** The address that the session comes from; undefined when nobody knows. */
  readonly from: string | undefined;
  /** With the signal that ends what is under way. */
  readonly surroundings: (signal: AbortSignal) => ReceiverSurroundings;
  /** Ctrl-C, SIGTERM: as if the connection were lost. */
  readonly signal: AbortSignal;
}

export async function receive(options: ReceiveOptions): Promise<void> {
  await new Receiver(options).run();
}

class Receiver {
  readonly #incoming: Incoming;
  readonly #output: Writable;
  readonly #gone = new AbortController();
  readonly #around: ReceiverSurroundings;
  readonly #from: string | undefined;
  #lock: Lock | undefined;
  #by: ReleaseRecord['by'] = { user: '', host: '', via: 'ssh' };
  /** What served when the lock was taken. */
  #before: string | null = null;
  #made: Made | undefined;
  /** What is under way. While it is, the next message is awaited: the end of all is one. */
  #running: Promise<void> = Promise.resolve();

  constructor({ input, output, hello, from, surroundings, signal }: ReceiveOptions) {
    this.#incoming = new Incoming(input);
    this.#output = output;
    this.#from = from;
    const around = surroundings(this.#gone.signal);
    this.#around = {
      ...around,
      onBegin: (record) => this.#say({ type: 'begin', record }),
      onStep: (step) => this.#say({ type: 'step', step }),
      onLine: (line) => this.#say({ type: 'line', line }),
      onEvent: (event) => this.#say({ type: 'event', event }),
    };
    const end = () => {
      this.#gone.abort();
      input.destroy();
    };
    output.on('error', end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    this.#say({ type: 'hello', ...hello });
  }

  async run(): Promise<void> {
    try {
      for (;;) {
        const message = (await this.#incoming.message()) as Request | null;
        if (message === null || message.type === 'bye') break;
        await this.#running;
        if (message.type === 'make') await this.#receive(message);
        else this.#start(() => this.#answer(message));
      }
    } catch {
      // Cut off in the middle of something: the same as its end.
    } finally {
      this.#gone.abort();
      await this.#running;
      this.#lock?.release();
    }
  }

  /** What it throws is its answer. */
  #start(action: () => Promise<FromHost>): void {
    this.#running = action().then(
      (answer) => this.#say(answer),
      (error) => this.#say({ type: 'failed', error: asHoldfastError(error).toBody() }),
    );
  }

  /** Contents come right behind the request, so nothing else is read before they are there. */
  async #receive(request: MakeRequest): Promise<void> {
    const { store, paths } = this.#around;
    try {
      this.#requireLock();
      const tree = receivedTree(request.entries, request.source);
      if (!request.again && (await this.#serves(request.source.treeHash))) return this.#say({ type: 'same' });
      const missing = store.missing(tree);
      this.#say({ type: 'missing', files: positionsOf(tree, missing) });
      await takeContents(store, missing, this.#incoming.contents());
      const { source: record, notes } = request;
      const source = await receivedSource(makeScratch(paths), store, { record, tree, notes });
      this.#start(async () => {
        try {
          const { config, allowNew, offline } = request;
          const all = { ...this.#around, by: this.#by, source, config, allowNew, offline, again: true };
          const made = await prepareRelease(all);
          if (!made) throw new HoldfastError('INTERNAL', 'Nothing was made, and nothing has failed');
          this.#made = made;
          return { type: 'made', record: made.record };
        } finally {
          await source.close();
        }
      });
    } catch (error) {
      this.#say({ type: 'failed', error: asHoldfastError(error).toBody() });
    }
  }

  async #answer(request: Exclude<Request, MakeRequest | { type: 'bye' }>): Promise<FromHost> {
    const around = this.#around;
    if (request.type === 'lock') {
      this.#by = this.#maker(request.by);
      this.#lock ??= lockDeploy(around.paths, this.#by, around.clock.now());
      this.#before = currentRelease(around.paths);
      return { type: 'state', serving: this.#record(this.#before) };
    }
    this.#requireLock();
    switch (request.type) {
      case 'migrate':
        await migrateRelease(around, this.#requireMade());
        return { type: 'done' };
      case 'promote': {
        const { record, plan } = this.#requireMade();
        return { type: 'serves', record: await promoteRelease(around, record.id, 'deploy', plan) };
      }
      case 'find':
        return { type: 'found', records: this.#find(request.release) };
      case 'rollback': {
        const id = request.release ?? this.#before;
        if (id === null) throw new HoldfastError('RELEASE_UNKNOWN', 'There was no release before this one');
        return { type: 'serves', record: await promoteRelease(around, id, 'rollback') };
      }
    }
  }

  #find(typed: string | null): ReleaseRecord[] {
    const { paths } = this.#around;
    if (typed !== null) return [findRelease(paths, typed)];
    return (
      new RecordFiles(paths.records)
        .list()
        .filter(({ id, servedFrom }) => id !== this.#before && servedFrom !== null)
        .filter(({ id }) => existsSync(join(paths.releases, id)))
        // Of two that ended at the same time the newer one served last: so they are listed.
        .sort((a, b) => lastServed(b).localeCompare(lastServed(a)))
    );
  }

  /** As the daemon says: after `hold down` nothing serves, wherever `current` leads. */
  async #serves(treeHash: string): Promise<boolean> {
    const { paths, project } = this.#around;
    const view = await lookAtReleases(paths, project);
    return this.#record(view?.serving ?? null)?.source.treeHash === treeHash;
  }

  #record(id: string | null): ReleaseRecord | null {
    return id === null ? null : new RecordFiles(this.#around.paths.records).read(id);
  }

  /** Who it is the other machine says; where it comes from sshd says. */
  #maker({ user, host }: ReleaseRecord['by']): ReleaseRecord['by'] {
    return { user, host, via: 'ssh', ...(this.#from !== undefined && { from: this.#from }) };
  }

  #requireLock(): void {
    if (!this.#lock) throw new HoldfastError('BAD_REQUEST', 'The lock must be taken first');
  }

  #requireMade(): Made {
    if (this.#made) return this.#made;
    throw new HoldfastError('BAD_REQUEST', 'There is nothing that was made');
  }

  #say(message: FromHost): void {
    send(this.#output, message);
  }
}
