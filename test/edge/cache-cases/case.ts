/** One story of a cache: requests one after the other, what the app answers to each, and what has to come back. */

/** A number is a date: so many seconds from now. */
export type Field = readonly [name: string, value: string | number];

export interface Step {
  readonly method?: string;
  /** Behind the path of the case. */
  readonly query?: string;
  readonly fields?: readonly Field[];
  readonly body?: string;
  /** What the app says, if it is asked. */
  readonly says?: {
    readonly status?: number;
    /** With a Date of now, unless there is one. */
    readonly fields?: readonly Field[];
    readonly body?: string;
    readonly early?: boolean;
    /** It closes the connection instead. */
    readonly breaks?: true;
  };
  /**
   * `kept`: the app does not hear of it. `asked`: it does. `etag`, `date`: it is asked with If-None-Match or If-Modified-Since, and
   * answers 304 with these fields.
   */
  readonly comes?: 'kept' | 'asked' | 'etag' | 'date';
  readonly status?: number;
  /** Fields of the answer. */
  readonly has?: readonly Field[];
  readonly lacks?: readonly string[];
  readonly text?: string;
  /** Fields that the app gets, and that it does not. */
  readonly sends?: readonly Field[];
  readonly keepsBack?: readonly string[];
  /** Seconds that pass afterwards. */
  readonly pause?: number;
}

export interface Case {
  /** As the public suite calls it, where it is from there. */
  readonly id: string;
  readonly steps: readonly Step[];
}

/** An answer of the app with these fields, and time goes by. */
export function first(...fields: readonly Field[]): Step {
  return { says: { fields }, pause: 3 };
}

export const kept: Step = { comes: 'kept' };
export const asked: Step = { comes: 'asked' };

export function cc(value: string): Field {
  return ['Cache-Control', value];
}

/** The answer to these fields is given again, or not. */
export function reused(id: string, fields: readonly Field[], then: Step = kept): Case {
  return { id, steps: [first(...fields), then] };
}
