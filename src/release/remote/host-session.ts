/** Our end of the connection to one host. One request at a time. */
import type { Readable, Writable } from 'node:stream';
import { HoldfastError } from '../../errors.ts';
import type { Source } from '../seams.ts';
import { type SshEnd, sshFailed } from '../ssh/ssh.ts';
import { filesAt, packed } from './contents.ts';
import { type Answer, type FromHost, isNote, type MakeRequest, type Note, type Request } from './messages.ts';
import { Incoming, send, sendContents } from './wire.ts';

export interface Connection {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly ended: Promise<SshEnd>;
  kill(): void;
}

export interface HostSessionOptions {
  /** As it was named: `deploy@app1`. */
  readonly host: string;
  /** Holdfast there. */
  readonly program: string;
  /** Ours: the host must have the same. */
  readonly version: string;
  readonly connection: Connection;
  readonly onNote: (note: Note) => void;
  /** So many contents were sent, in so many bytes. */
  readonly onSent: (files: number, bytes: number) => void;
}

type AnswerTo<T extends Answer['type']> = Extract<Answer, { readonly type: T }>;

export class HostSession {
  readonly host: string;
  readonly #options: HostSessionOptions;
  readonly #incoming: Incoming;

  constructor(options: HostSessionOptions) {
    this.host = options.host;
    this.#options = options;
    this.#incoming = new Incoming(options.connection.stdout);
  }

  /** @throws HoldfastError HOST_FAILED when it is not reached, or has another Holdfast */
  async greet(): Promise<void> {
    const { host, program, version } = this.#options;
    const first = await this.#next();
    if (first?.type === 'hello') {
      if (first.version === version) return;
      throw new HoldfastError(
        'HOST_FAILED',
        `${host}: Holdfast ${first.version} is there, and ${version} here`,
        {
          hint: `\`hold host prepare ${host}\` puts this one there; what runs goes on`,
        },
      );
    }
    if (first) throw this.#nonsense();
    const end = await this.#end();
    // Versions that do not know the command answer as to any wrong usage.
    if (end.code === 2) {
      throw new HoldfastError('HOST_FAILED', `${host}: Holdfast there is too old to receive releases`, {
        hint: `\`hold host prepare ${host}\` puts this one there; what runs goes on`,
        details: end.stderr,
      });
    }
    throw sshFailed(host, program, end);
  }

  /** @throws HoldfastError what has failed there, with the name of the host before it */
  async ask<T extends Answer['type']>(request: Request, type: T): Promise<AnswerTo<T>> {
    send(this.#options.connection.stdin, request);
    return this.#expect(type);
  }

  /** Null: the very content serves there already. */
  async make(request: MakeRequest, source: Source): Promise<AnswerTo<'made'>['record'] | null> {
    const { stdin } = this.#options.connection;
    send(stdin, request);
    const answer = await this.#expect('missing', 'same');
    if (answer.type === 'same') return null;
    const files = filesAt(source.tree, answer.files);
    const bytes = await sendContents(stdin, packed(source, files)).catch((error) => {
      if (error instanceof HoldfastError) throw error;
      return null; // It is cut off: what comes next says why.
    });
    if (bytes !== null) this.#options.onSent(files.length, bytes);
    return (await this.#expect('made')).record;
  }

  /** To be called also after an error; what is under way there is given up, or carried on by the daemon. */
  async close(): Promise<void> {
    const { stdin, kill, ended } = this.#options.connection;
    send(stdin, { type: 'bye' });
    stdin.end();
    const late = setTimeout(kill, 5000);
    await ended;
    clearTimeout(late);
  }

  async #expect<T extends Answer['type']>(...types: T[]): Promise<AnswerTo<T>> {
    const { host, program, onNote } = this.#options;
    for (;;) {
      const message = await this.#next();
      if (message === null) throw sshFailed(host, program, await this.#end());
      if (isNote(message)) onNote(message);
      else if (message.type === 'failed') {
        const { code, message: text, hint, details } = HoldfastError.fromBody(message.error);
        throw new HoldfastError(code, `${host}: ${text}`, { hint, details });
      } else if ((types as string[]).includes(message.type)) return message as AnswerTo<T>;
      else throw this.#nonsense();
    }
  }

  /** Its output is at its end, so it is about to end. */
  #end(): Promise<SshEnd> {
    return this.#options.connection.ended;
  }

  async #next(): Promise<FromHost | null> {
    try {
      return (await this.#incoming.message()) as FromHost | null;
    } catch {
      throw this.#nonsense();
    }
  }

  #nonsense(): HoldfastError {
    const { host } = this.#options;
    return new HoldfastError('HOST_FAILED', `${host}: what it says makes no sense`, {
      hint: 'Does a file such as ~/.bashrc there print something, also when nobody is at a terminal? `ssh <host> true` must print nothing',
    });
  }
}
