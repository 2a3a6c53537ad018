/** The words of the schema: what a setting is for, its default, an example. */
import { z } from 'zod';

export interface Words {
  readonly says: string;
  readonly example?: unknown;
}

/** A setting that may be left out: `fallback` is what one would have written. */
export function withDefault<T extends z.ZodType>(
  schema: T,
  fallback: z.input<T>,
  words: Words,
): z.ZodPrefault<T> {
  return described(schema.prefault(fallback), words);
}

export function optional<T extends z.ZodType>(schema: T, words: Words): z.ZodOptional<T> {
  return described(schema.optional(), words);
}

export function described<T extends z.ZodType>(schema: T, { says, example }: Words): T {
  return schema.meta({ description: says, ...(example === undefined ? {} : { example }) });
}

/** A part whose settings all have defaults. */
export function section<S extends z.ZodRawShape>(shape: S, says: string) {
  return described(z.strictObject(shape).prefault({} as never), { says });
}
