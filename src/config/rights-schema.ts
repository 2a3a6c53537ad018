/** Who an app is and what it may use: user, limits, Node's permission model. */
import { z } from 'zod';
import { optional, section, withDefault } from './describe.ts';
import { flag, isText, isWholeNumber, kind, Refusal, size, text, wholeNumber } from './kinds.ts';
import { didYouMean } from './suggest.ts';

const account = kind<string | number, string>({
  title: 'name or number',
  expected: 'the name or number of an account',
  json: { type: ['string', 'integer'] },
  read(input) {
    if (isWholeNumber(input, 0, 4_294_967_294)) return String(input);
    return isText(input) && /^[\w][\w.-]*\$?$/.test(input) ? input : undefined;
  },
});

const octal = kind<string, number>({
  title: 'octal digits',
  expected: 'octal digits in quotes such as "027"',
  json: { type: 'string', pattern: '^[0-7]{3,4}$' },
  read: (input) =>
    typeof input === 'string' && /^[0-7]{3,4}$/.test(input) ? Number.parseInt(input, 8) : undefined,
});

const cores = kind<number>({
  title: 'number',
  expected: 'a number of cores such as 1.5',
  json: { type: 'number', exclusiveMinimum: 0, maximum: 1024 },
  read: (input) => (typeof input === 'number' && input >= 0.01 && input <= 1024 ? input : undefined),
});

/** The names of prlimit(1). */
const limitNames = [
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
];

const limitName = kind<string>({
  title: 'limit',
  expected: 'the name of a limit',
  json: { enum: limitNames },
  read(input) {
    if (limitNames.includes(String(input))) return String(input);
    return new Refusal(`is not a limit${didYouMean(String(input), limitNames)}`);
  },
});

const limit = kind<number | 'unlimited'>({
  title: 'number or "unlimited"',
  expected: 'a whole number or "unlimited"',
  json: { anyOf: [{ type: 'integer', minimum: 0 }, { const: 'unlimited' }] },
  read: (input) =>
    input === 'unlimited' || isWholeNumber(input, 0, Number.MAX_SAFE_INTEGER) ? input : undefined,
});

const path = text('path', 'a path');

const permissions = z.strictObject({
  fs: section(
    {
      read: withDefault(z.array(path), [], {
        says: 'What it may read besides its own directory; `*` at the end: all below',
        example: ['/etc/ssl/*'],
      }),
      write: withDefault(z.array(path), [], { says: 'What it may write', example: ['./uploads/*'] }),
    },
    'Files',
  ),
  net: withDefault(flag, true, { says: 'Use the network, where its Node can restrict that' }),
  childProcess: withDefault(flag, false, { says: 'Start programs' }),
  worker: withDefault(flag, false, { says: 'Start worker threads' }),
  addons: withDefault(flag, false, { says: 'Load native addons' }),
});

const memorySettings = z.strictObject({
  soft: optional(size, { says: 'More than this, and it is replaced by a new one, without a gap' }),
  hard: optional(size, {
    says: 'The kernel ends what wants more. Needs cgroup v2 and the right to use it',
  }),
});

export const rightsShape = {
  user: optional(account, {
    says: 'The user that it runs as, with the groups and HOME of that user. Only root can have this',
    example: 'www-data',
  }),
  group: optional(account, { says: 'The group that it runs as; without it, that of `user`' }),
  umask: optional(octal, { says: 'Which rights files that it makes do not get', example: '027' }),
  nice: optional(wholeNumber(-20, 19), { says: 'Priority from -20 (first) to 19 (last)' }),
  oomScore: optional(wholeNumber(-1000, 1000), {
    says: 'Whom the kernel ends first when memory runs out: from -1000 (never) to 1000 (first)',
  }),
  ulimits: withDefault(
    z.record(limitName, limit),
    {},
    {
      says: 'Limits of its processes, by the names of `prlimit`',
      example: { nofile: 65536 },
    },
  ),
  memory: optional(z.union([size.transform((soft) => ({ soft, hard: undefined })), memorySettings]), {
    says: 'Memory of an instance with all that it started. A size is short for `{ soft }`',
    example: '512MB',
  }),
  cpu: optional(cores, {
    says: 'Cores that an instance may use, with all that it started. Needs cgroup v2 and the right to use it',
    example: 1.5,
  }),
  pids: optional(wholeNumber(1, 4_194_304), {
    says: 'Processes and threads of an instance, at most. Needs cgroup v2 and the right to use it',
  }),
  permissions: optional(permissions, {
    says: "Node's permission model: all that is not named here is denied. Its own directory may be read",
    example: { fs: { write: ['./uploads/*'] } },
  }),
};
