/**
 * What an exchange takes for its client while a cache looks on: answers go through to the client and, when they may, into the
 * store; those that the client is better off without (a 304 to a question of ours, an error that a kept answer can stand in for) stop here.
 */
import type { Answer, ClientSide } from '../client-side.ts';
import { fieldList } from '../http1/field-value.ts';
import type { Fields } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { Asked } from './asked.ts';
import type { Cache, Outcome } from './cache.ts';
import { parseDirectives } from './directives.ts';
import { ageAt } from './freshness.ts';
import type { Recording } from './recording.ts';
import { forOne, freshened, type Stored, stored } from './stored.ts';
import { Through } from './through.ts';
import { isFailure, type Objection, objection, standsIn } from './verdict.ts';

export interface FetchUser {
  /** An answer begins on its way to the client. */
  passing(): void;
  /** It may be kept, and the rest of it is on its way. */
  begun(now: number): void;
  /** Nothing has gone to the client: give it this. `status`: of the app's answer, 0 when there was none. */
  instead(kept: Stored, status: number, keep: boolean): void;
  /** The app has a 304 for what nobody has: ask again without conditions. */
  mistaken(): void;
  /** The rest of the app's answer is of no interest: give up the exchange, without a word to anybody. */
  enough(): void;
  /** Nobody has to wait any longer. Before everything else that is said, and only once. */
  settled(outcome: Outcome): void;
}

export interface Question {
  readonly cache: Cache;
  readonly asked: Asked;
  /** What the app is asked: for a stale answer, with its validators in place of the client's conditions. */
  readonly request: RequestHead;
  readonly stale: Stored | undefined;
}

/** Why the app is asked (RFC 9211 section 2.2). */
function reason({ stale, asked }: Question): string {
  if (!stale) return 'uri-miss';
  return asked.directives.noCache === false ? 'stale' : 'request';
}

export class Fetch extends Through {
  readonly #question: Question;
  readonly #user: FetchUser;
  readonly #recording: Recording;
  readonly #askedAt: number;
  /** What the client gets in place of the answer that is being read. */
  #instead: { readonly kept: Stored | undefined; readonly status: number } | undefined;
  /** What others who wait for it may do then. */
  #outcome: Outcome = 'lost';
  #keep = true;
  #settled = false;

  constructor(side: ClientSide, question: Question, user: FetchUser) {
    super(side);
    this.#question = question;
    this.#user = user;
    this.#askedAt = this.#now;
    this.#recording = question.cache.record(question.asked.key);
  }

  get #now(): number {
    return this.side.edge.sweeper.now;
  }

  /** Its client has left, or it is over for another reason. */
  leave(): void {
    this.#settle('lost');
  }

  override answer(request: RequestHead, head: ResponseHead, keep: boolean, extra: string): Answer {
    const { stale, asked } = this.#question;
    this.#keep = keep;
    if (stale && head.status === 304) return this.#confirmed(stale, head);
    if (stale && isFailure(head.status) && standsIn(stale, asked, this.#now)) {
      this.#instead = { kept: stale, status: head.status };
      this.#outcome = 'kept';
      // Later, because whoever calls is in the middle of something.
      process.nextTick(() => this.side.channel.guard(() => this.#isEnough()));
      return new Swallowed(head.status);
    }
    const against = objection(this.#question.request, asked, head, this.#now);
    const fits = head.declaredLength <= this.#question.cache.rules.entryBytes;
    this.#user.passing();
    const status = `fwd=${reason(this.#question)}${against || !fits ? '' : '; stored'}`;
    const answer = this.side.answer(request, head, keep, `${extra}Cache-Status: Holdfast; ${status}\r\n`);
    if (against || !fits) {
      this.#giveUp(against ?? 'length');
      return answer;
    }
    this.#user.begun(this.#now);
    return new Recorded(answer, this.#recording, {
      dropped: () => this.#giveUp('length'),
      done: (trailers) => this.#recorded(head, trailers),
    });
  }

  override finished(keep: boolean): void {
    const { kept, status } = this.#instead ?? {};
    if (this.#instead) {
      this.#settle(this.#outcome);
      if (kept) this.#user.instead(kept, status ?? 0, keep);
      else this.#user.mistaken();
      return;
    }
    this.#settle('unkept');
    this.side.finished(keep);
  }

  override answerLocally(...answer: Parameters<ClientSide['answerLocally']>): void {
    const [status, , , keep] = answer;
    const { stale, asked } = this.#question;
    this.#settle('unkept');
    if (stale && isFailure(status) && standsIn(stale, asked, this.#now)) {
      this.#user.instead(stale, 0, keep);
      return;
    }
    this.#user.passing();
    this.side.answerLocally(...answer);
  }

  override cutOff(reset: boolean): void {
    // Of an answer that stops here the end does not matter.
    if (this.#instead) {
      this.finished(this.#keep);
      return;
    }
    this.#settle('lost');
    this.side.cutOff(reset);
  }

  /** The client need not wait for the rest of an error that it does not get. */
  #isEnough(): void {
    if (this.#settled) return;
    this.#user.enough();
    this.finished(this.#keep);
  }

  /** 304: what is kept is right, as of now; unless that is about something else (RFC 9111 section 4.3.3). */
  #confirmed(stale: Stored, head: ResponseHead): Answer {
    const { cache, asked, request } = this.#question;
    const { key, told } = asked;
    const news = { key, told, request: request.fields, head, askedAt: this.#askedAt, receivedAt: this.#now };
    const made = freshened(stale, news);
    const against = made && confirmation(request, asked, head, made.head, this.#now);
    // What says something of this client alone leaves the rest as it was.
    if (against !== 'personal' && against !== 'request') cache.store.remove(stale);
    if (made && !against) {
      this.#outcome = 'kept';
      if (!this.#recording.dropped) this.#put(made.stored);
    } else if (made) this.#outcome = 'unkept';
    this.#instead = { kept: made && forOne(made), status: 304 };
    return new Swallowed(made?.stored.head.status ?? 304);
  }

  #recorded(head: ResponseHead, trailers: Fields | undefined): void {
    const { cache, asked, request } = this.#question;
    if (this.#recording.dropped || trailers) return;
    const body = this.#recording.take();
    const whole = head.declaredLength < 0 || head.declaredLength === body.length;
    const { key, told } = asked;
    const given = { key, told, request: request.fields, head, body };
    const kept = whole ? stored({ ...given, askedAt: this.#askedAt, receivedAt: this.#now }) : undefined;
    if (!kept) return;
    this.#put(kept);
    cache.hope(asked.crowd);
    const isFresh = kept.freshness.lifetime > ageAt(kept.freshness, this.#now);
    if (isFresh && kept.directives.noCache !== true) this.#settle('kept');
    else this.#giveUp('freshness');
  }

  #put(kept: Stored): void {
    const { store } = this.#question.cache;
    const { stale } = this.#question;
    if (stale) store.remove(stale);
    store.put(kept);
  }

  /** Others need not wait for it. */
  #giveUp(against: Objection): void {
    const { cache, asked } = this.#question;
    if (against !== 'request' && against !== 'personal') cache.despair(asked.crowd, this.#now);
    this.#settle('unkept');
  }

  #settle(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#recording.drop();
    this.#user.settled(outcome);
  }
}

/** Why the answer, as a 304 makes it, is for nobody else. Who says who they are are told things that nobody else may be told. */
function confirmation(
  request: RequestHead,
  asked: Asked,
  said: ResponseHead,
  merged: ResponseHead,
  now: number,
): Objection | undefined {
  const { public: isPublic, sMaxAge } = parseDirectives(
    fieldList(said.given ?? said.fields, 'cache-control'),
  );
  if (asked.personal && !isPublic && sMaxAge === undefined) return 'personal';
  return objection(request, asked, merged, now);
}

/** Goes to the client, and is recorded. */
class Recorded implements Answer {
  readonly #answer: Answer;
  readonly #recording: Recording;
  readonly #user: { dropped(): void; done(trailers: Fields | undefined): void };

  constructor(
    answer: Answer,
    recording: Recording,
    user: { dropped(): void; done(trailers: Fields | undefined): void },
  ) {
    this.#answer = answer;
    this.#recording = recording;
    this.#user = user;
  }

  get status(): number {
    return this.#answer.status;
  }

  get bytes(): number {
    return this.#answer.bytes;
  }

  get endsByClose(): boolean {
    return this.#answer.endsByClose;
  }

  write(buffer: Buffer, from: number, to: number, done: boolean, trailers?: Fields): void {
    if (!this.#recording.dropped) {
      // First, because whoever writes may use the buffer again.
      this.#recording.add(buffer, from, to);
      if (this.#recording.dropped) this.#user.dropped();
      else if (done) this.#user.done(trailers);
    }
    this.#answer.write(buffer, from, to, done, trailers);
  }
}

/** Goes nowhere. */
class Swallowed implements Answer {
  readonly status: number;
  readonly bytes = 0;
  readonly endsByClose = false;

  constructor(status: number) {
    this.status = status;
  }

  write(): void {}
}
