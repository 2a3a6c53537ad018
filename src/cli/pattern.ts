/** `/^web-/`, `/web/i`: a pattern for names of apps; a slash is in no name. */
import { HoldfastError } from '../errors.ts';

/** @throws HoldfastError USAGE when it is meant as one and is none */
export function patternOf(name: string): RegExp | null {
  const [, source, flags = ''] = /^\/(.+)\/(i?)$/.exec(name) ?? [];
  if (source === undefined) return null;
  try {
    return new RegExp(source, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HoldfastError('USAGE', `Cannot look for ${name}: ${reason}`);
  }
}
