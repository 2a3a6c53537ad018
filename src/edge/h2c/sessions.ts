/** The sessions to one app that speaks HTTP/2: as few as it takes streams in, and a new one for the next when they are full. */
import type { Caller, Carriage } from '../carriage.ts';
import type { Dialer } from '../dialer.ts';
import type { Failure } from '../failure.ts';
import type { Sweeper } from '../sweeper.ts';
import { guarded, Session, type SessionUser } from './session.ts';

export interface SessionsUser {
  readonly dialer: Dialer;
  /** A session has been made, or could not be. */
  reached(): void;
  unreached(failure: Failure): void;
}

export class Sessions implements SessionUser {
  readonly sweeper: Sweeper;
  readonly #user: SessionsUser;
  readonly #dialer: Dialer;
  readonly #sessions = new Set<Session>();
  #open = true;

  constructor(user: SessionsUser, sweeper: Sweeper) {
    this.#user = user;
    this.#dialer = user.dialer;
    this.sweeper = sweeper;
  }

  /** A place on a session that can be used at once. */
  take(caller: Caller): Carriage | undefined {
    for (const session of this.#sessions) if (session.isOpen && session.hasRoom) return session.place(caller);
    return undefined;
  }

  /** A place on one that is being made. @param preface what it begins with, as latin1: it is for this request only then */
  connect(caller: Caller, preface: string): Carriage {
    return this.#upcoming(preface).place(caller);
  }

  #upcoming(preface: string): Session {
    if (preface === '') {
      for (const session of this.#sessions) if (!session.isOpen && session.hasRoom) return session;
    }
    const session = new Session(this.#dialer, preface, this);
    this.#sessions.add(session);
    return session;
  }

  opened(session: Session): void {
    this.#user.reached();
    const { here, elsewhere } = session.admitWaiting();
    for (const carriage of elsewhere) carriage.moveTo(this.#upcoming(''));
    for (const carriage of here) guarded(() => carriage.connected());
    if (!this.#open || session.isPrivate) session.retire();
  }

  ended(session: Session, failure: Failure | undefined): void {
    this.#sessions.delete(session);
    if (failure) this.#user.unreached(failure);
  }

  get isEmpty(): boolean {
    return this.#sessions.size === 0;
  }

  /** Whether sessions stay when their last request is done. */
  keepIdle(open: boolean): void {
    this.#open = open;
    if (open) return;
    for (const session of this.#sessions) if (session.isOpen) session.retire();
  }

  /** Ends them all, whatever they carry: the app is gone. */
  cut(): void {
    for (const session of [...this.#sessions]) session.cut('the instance is gone');
  }
}
