/** Keeping answers. */
import { z } from 'zod';
import type { CacheRules } from '../protocol/traffic-rules.ts';
import { withDefault } from './describe.ts';
import { kind, Refusal, size } from './kinds.ts';

const someSize = kind<string, number>({
  title: 'size',
  expected: 'a size such as "64MB"',
  json: { type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?\\s*[kKmMgGtT]?[bB]\\s*$' },
  read(input) {
    const bytes = size.safeParse(input).data;
    return bytes === 0
      ? new Refusal('must be more than nothing: to keep no answers, leave "cache" out')
      : bytes;
  },
});

const settings = z
  .strictObject({
    size: withDefault(someSize, '64MB', { says: 'How much is kept in all, in each process of the edge' }),
    entry: withDefault(someSize, '1MB', { says: 'The largest answer that is kept' }),
  })
  .transform(({ size, entry }, context): CacheRules => {
    if (entry > size)
      context.issues.push({
        code: 'custom',
        message: 'must not be more than "size"',
        path: ['entry'],
        input: entry,
      });
    return { totalBytes: size, entryBytes: entry };
  });

const word = kind<boolean>({
  title: 'true or false',
  expected: 'true, false or { size, entry }',
  json: { type: 'boolean' },
  read: (input) => (typeof input === 'boolean' ? input : undefined),
});

/** Of a site. */
export const siteCache = withDefault(
  z.union([word.transform((on) => (on ? settings.parse({}) : null)), settings]),
  false,
  {
    says: 'Keep answers in memory that say that they may be kept (`Cache-Control`), and answer with them as long as they are fresh (RFC 9111). Not of files, which are in memory anyway, and of several apps by weight',
    example: { size: '64MB', entry: '1MB' },
  },
);
