/** What went wrong between the edge and an app, as a value: whose fault, may the request be repeated, what to answer. */
export interface Failure {
  readonly source: 'client' | 'upstream' | 'edge';
  /**
   * always: not a byte of the request was sent. if-safe: bytes were sent and none came back. never: the answer began,
   * or time ran out while the app may still be at work.
   */
  readonly retryable: 'always' | 'if-safe' | 'never';
  /** The answer when nothing more can be tried. */
  readonly status: 502 | 503 | 504;
  readonly cause: string;
}

export function connectFailed(cause: string): Failure {
  return { source: 'upstream', retryable: 'always', status: 502, cause };
}

export function connectTimedOut(): Failure {
  return {
    source: 'upstream',
    retryable: 'always',
    status: 504,
    cause: 'the app did not accept the connection in time',
  };
}

export function died(cause: string): Failure {
  return { source: 'upstream', retryable: 'if-safe', status: 502, cause };
}

export function badAnswer(cause: string): Failure {
  return { source: 'upstream', retryable: 'never', status: 502, cause };
}

export function answerTimedOut(): Failure {
  return { source: 'upstream', retryable: 'never', status: 504, cause: 'the app did not answer in time' };
}

/** RFC 9110 section 9.2.2, and the later methods that are defined as idempotent. */
const idempotent = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
  'PROPFIND',
  'REPORT',
  'SEARCH',
  'QUERY',
]);

/** Whether a request may be sent once more: doing it twice must be the same as doing it once. */
export function mayRepeat(failure: Failure, method: string, bodySent: boolean): boolean {
  if (failure.retryable === 'always') return true;
  return failure.retryable === 'if-safe' && !bodySent && idempotent.has(method);
}
