/**
 * The kinds of values that settings have. A kind is one declaration of three things: how a value is read, what a
 * message says it must be, and how the JSON Schema describes it. zod puts kinds together and infers the types.
 */
import { z } from 'zod';
import { parseBytes, parseDuration } from '../kit/units.ts';
import { show, showList } from './show.ts';
import { nearest } from './suggest.ts';

/** Returned by a reader that knows better than "must be …" what is wrong: the rest of the sentence after the path. */
export class Refusal {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export interface KindFacts<Out> {
  /** Short name, for the reference page. */
  readonly title: string;
  /** What a message says after "must be". */
  readonly expected: string;
  /** JSON Schema keywords. */
  readonly json: Readonly<Record<string, unknown>>;
  /** undefined: it is not what was expected. */
  readonly read: (input: unknown) => Out | Refusal | undefined;
}

export function kind<In, Out = In>(facts: KindFacts<Out>): z.ZodType<Out, In> {
  const { title, expected, json, read } = facts;
  const schema = z
    .any()
    .meta({ title, ...json })
    .transform((input: unknown, context) => {
      const result = read(input);
      if (result === undefined || result instanceof Refusal) {
        context.issues.push({
          code: 'custom',
          message: sentence(input, result instanceof Refusal ? result : undefined, expected),
          input,
        });
        return z.NEVER;
      }
      return result;
    });
  return schema as unknown as z.ZodType<Out, In>;
}

function sentence(input: unknown, refusal: Refusal | undefined, expected: string): string {
  if (refusal) return refusal.text;
  if (input === undefined) return `is missing: it must be ${expected}`;
  return `must be ${expected}: got ${show(input)}`;
}

/** A text that can be handed to the operating system: not empty, and without the NUL that would end it there. */
export function isText(input: unknown): input is string {
  return typeof input === 'string' && input.trim() !== '' && !input.includes('\0');
}

export function text(title: string, expected: string): z.ZodType<string, string> {
  return kind({
    title,
    expected,
    json: { type: 'string', minLength: 1 },
    read: (input) => (isText(input) ? input : undefined),
  });
}

export const flag = kind<boolean>({
  title: 'true or false',
  expected: 'true or false',
  json: { type: 'boolean' },
  read: (input) => (typeof input === 'boolean' ? input : undefined),
});

export function wholeNumber(min: number, max: number): z.ZodType<number, number> {
  return kind({
    title: 'number',
    expected: `a whole number from ${min} to ${max}`,
    json: { type: 'integer', minimum: min, maximum: max },
    read: (input) => (isWholeNumber(input, min, max) ? input : undefined),
  });
}

export function isWholeNumber(input: unknown, min: number, max: number): input is number {
  return typeof input === 'number' && Number.isSafeInteger(input) && input >= min && input <= max;
}

export const port = kind<number>({
  title: 'port',
  expected: 'a port from 1 to 65535',
  json: { type: 'integer', minimum: 1, maximum: 65535 },
  read: (input) => (isWholeNumber(input, 1, 65535) ? input : undefined),
});

/** Node's timers fire at once when asked for more than this, which nobody who writes "60d" means. */
const longestMs = 2 ** 31 - 1;

/** Text with a unit to milliseconds. */
export const duration = kind<string | 0, number>({
  title: 'duration',
  expected: 'a duration such as "10s"',
  json: { anyOf: [{ type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?(ms|[smhd])' }, { const: 0 }] },
  read: (input) => readDuration(input),
});

/** A duration that something is compared with, for which no timer waits: `90d` is as good as any. */
export const age = kind<string | 0, number>({
  title: 'duration',
  expected: 'a duration such as "90d"',
  json: { anyOf: [{ type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?(ms|[smhd])' }, { const: 0 }] },
  read: (input) => readDuration(input, Number.MAX_SAFE_INTEGER),
});

function readDuration(input: unknown, most = longestMs): number | Refusal | undefined {
  if (input === 0 || input === '0') return 0;
  if (typeof input === 'number') {
    return new Refusal(`must be a duration with a unit, such as "${input}s" or "${input}ms": got ${input}`);
  }
  const ms = typeof input === 'string' ? parseDuration(input) : undefined;
  if (ms !== undefined && ms > most) return new Refusal(`must be at most "24d": got ${show(input)}`);
  return ms;
}

/** Text with a unit to bytes, in steps of 1024. */
export const size = kind<string | 0, number>({
  title: 'size',
  expected: 'a size such as "50MB"',
  json: { anyOf: [{ type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?\\s*[kKmMgGtT]?[bB]\\s*$' }, { const: 0 }] },
  read(input) {
    if (input === 0 || input === '0') return 0;
    return typeof input === 'string' ? parseBytes(input) : undefined;
  },
});

/** Shortest and longest pause, in milliseconds. */
export const durationRange = kind<readonly [string, string], readonly [number, number]>({
  title: 'two durations',
  expected: 'the shortest and the longest duration, such as ["100ms", "30s"]',
  json: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 },
  read(input) {
    if (!Array.isArray(input) || input.length !== 2) return undefined;
    const [min, max] = input.map((one) => readDuration(one));
    if (typeof min !== 'number' || typeof max !== 'number') return undefined;
    if (min < 1) return new Refusal('must begin with at least "1ms": a crash loop would never pause');
    return min <= max
      ? [min, max]
      : new Refusal(`must name the shorter duration first: got ["${input.join('", "')}"]`);
  },
});

export function choice<const T extends string | number>(...values: readonly T[]): z.ZodType<T, T> {
  const texts = values.map(String);
  const list = showList(values, 'or');
  return kind<T>({
    title: list,
    expected: list,
    json: { enum: [...values] },
    read(input) {
      const found = values.find((value) => value === input);
      if (found !== undefined || typeof input !== 'string') return found;
      const near = nearest(input, texts);
      const hint = near === undefined ? '' : `: did you mean ${show(near)}?`;
      return new Refusal(`must be ${list}: got ${show(input)}${hint}`);
    },
  });
}

/** A percentage to a part of one. */
export const share = kind<string, number>({
  title: 'percentage',
  expected: 'a percentage from "0%" to "100%"',
  json: { type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?\\s*%\\s*$' },
  read(input) {
    if (typeof input === 'number')
      return new Refusal(`must be a percentage with its sign, such as "10%": got ${input}`);
    const percent = typeof input === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(input)?.[1] : undefined;
    return percent !== undefined && Number(percent) <= 100 ? Number(percent) / 100 : undefined;
  },
});

/** One word that is a value of its own, such as `false` where there are settings otherwise. */
export function only<const T extends boolean>(value: T, expected: string): z.ZodType<T, T> {
  return kind<T>({
    title: String(value),
    expected,
    json: { const: value },
    read: (input) => (input === value ? value : undefined),
  });
}
