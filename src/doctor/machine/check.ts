/** What `hold doctor` says of one thing. */
export interface Check {
  /** What was looked at, in one or two words. */
  readonly about: string;
  readonly state: 'ok' | 'warn' | 'bad';
  /** How it is; without a full stop. */
  readonly text: string;
  /** What to do; null when it is in order. */
  readonly advice: string | null;
}

export function ok(about: string, text: string): Check {
  return { about, state: 'ok', text, advice: null };
}

export function warn(about: string, text: string, advice: string): Check {
  return { about, state: 'warn', text, advice };
}

export function bad(about: string, text: string, advice: string): Check {
  return { about, state: 'bad', text, advice };
}
