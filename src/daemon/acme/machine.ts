/**
 * When a certificate is ordered: pure, one deadline. What is (a certificate, until when) and what is being done about it are kept
 * apart: whatever goes wrong with an order, the certificate that is there is served.
 */

export interface Validity {
  /** Milliseconds since the epoch, both. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface CertificateState {
  /** `rests`: nothing is to be done before `at`. `due`: waits for its turn. `ordering`: an order is open. */
  readonly phase: 'rests' | 'due' | 'ordering';
  readonly at: number;
  /** Of the certificate that is served; null = none. */
  readonly validity: Validity | null;
  /** Orders begun since the last one that was a success. */
  readonly tries: number;
  /** The server wants to be left alone until then, whoever asks. */
  readonly silentUntil: number;
}

/** What of it outlives the daemon; the rest is in the certificate. */
export interface Tries {
  readonly tries: number;
  readonly at: number;
  readonly silentUntil: number;
}

export type CertificateEvent =
  /** Time has passed. */
  | { readonly type: 'looked' }
  /** It is its turn, and the edges can answer. */
  | { readonly type: 'began' }
  | { readonly type: 'obtained'; readonly validity: Validity }
  /** `retryAfterMs`: the server wants to be left alone for so long. */
  | { readonly type: 'failed'; readonly retryAfterMs: number | null }
  /** Renew at this time, says the server (RFC 9773), if it is before our own. */
  | { readonly type: 'advised'; readonly at: number }
  /** A person wants it tried now. */
  | { readonly type: 'asked' };

/** Renewed at two thirds of its life, or up to this part of it earlier, so that not all of a machine come at once. */
const RENEW_AT = 2 / 3;
const RENEW_SPREAD = 0.05;
/** Let's Encrypt allows five failed tries per name and hour: these are at 0, 1, 4, 13 and 40 minutes. */
const FIRST_RETRY_MS = 60_000;
const RETRY_FACTOR = 3;
const LONGEST_RETRY_MS = 12 * 60 * 60_000;
/** No server may silence us for longer. */
const LONGEST_SILENCE_MS = 24 * 60 * 60_000;

/** @param known of the last daemon; null: nobody tried since the last success */
export function initialState(
  validity: Validity | null,
  known: Tries | null,
  now: number,
  random: number,
): CertificateState {
  if (known) return { phase: 'rests', validity, ...known };
  const at = validity === null ? now : renewalTime(validity, random);
  return { phase: 'rests', at, validity, tries: 0, silentUntil: 0 };
}

/** @param random 0 <= random < 1 */
export function step(
  state: CertificateState,
  event: CertificateEvent,
  now: number,
  random: number,
): CertificateState {
  const { phase, tries, at, silentUntil } = state;
  switch (event.type) {
    case 'looked':
      return phase === 'rests' ? looked(state, now) : state;
    case 'began': {
      if (phase !== 'due') return state;
      // Counted before it is known how it ends: when the daemon dies in mid order, its successor waits, too.
      const after = now + pauseAfter(tries + 1, random);
      return { ...state, phase: 'ordering', tries: tries + 1, at: after };
    }
    case 'obtained': {
      const next = initialState(event.validity, null, now, random);
      // One that is old when it comes, because a clock is wrong, must not make us order in a circle.
      return next.at > now ? next : { ...next, at: now + FIRST_RETRY_MS };
    }
    case 'failed': {
      if (phase !== 'ordering') return state;
      const silence = now + Math.min(event.retryAfterMs ?? 0, LONGEST_SILENCE_MS);
      const next = Math.max(silence, now + pauseAfter(tries, random));
      return { ...state, phase: 'rests', at: next, silentUntil: silence };
    }
    case 'advised':
      return phase === 'rests' && tries === 0 && event.at < at ? { ...state, at: event.at } : state;
    case 'asked':
      return phase === 'rests' && tries > 0
        ? { ...state, at: Math.min(at, Math.max(now, silentUntil)) }
        : state;
  }
}

function looked(state: CertificateState, now: number): CertificateState {
  if (now >= state.at) return { ...state, phase: 'due' };
  // No pause is that long: the clock was set back since.
  const isTooFar = state.tries > 0 && state.at - now > LONGEST_SILENCE_MS;
  return isTooFar ? { ...state, at: now + LONGEST_RETRY_MS, silentUntil: 0 } : state;
}

/** What the next daemon has to know. */
export function triesOf({ tries, at, silentUntil }: CertificateState): Tries {
  return { tries, at, silentUntil };
}

/** Two thirds of its life, or a little earlier. */
export function renewalTime({ notBefore, notAfter }: Validity, random: number): number {
  const life = notAfter - notBefore;
  return Math.round(notBefore + life * (RENEW_AT - RENEW_SPREAD * random));
}

/** After so many tries in a row; up to a fifth more or less. */
function pauseAfter(tries: number, random: number): number {
  const pause = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * RETRY_FACTOR ** (tries - 1));
  return Math.round(pause * (0.8 + 0.4 * random));
}
