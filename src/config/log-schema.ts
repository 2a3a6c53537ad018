/** What becomes of the output of an app. */
import { z } from 'zod';
import { optional, section, withDefault } from './describe.ts';
import { choice, flag, kind, Refusal, size, text, wholeNumber } from './kinds.ts';
import { show } from './show.ts';

const path = text('path', 'a path');
const headers = z.record(text('header name', 'the name of a header'), text('header value', 'a text'));

const syslogUrl = kind<string>({
  title: 'syslog address',
  expected: 'an address such as "syslog://host:514", "syslog+tcp://host:601" or "syslog+unix:///dev/log"',
  json: { type: 'string', pattern: '^syslog(\\+tcp|\\+udp|\\+unix)?://' },
  read: (input) =>
    typeof input === 'string' && /^syslog(\+tcp|\+udp)?:\/\/[^/\s]+$|^syslog\+unix:\/\/\/\S+$/.test(input)
      ? input
      : undefined,
});

const httpUrl = kind<string>({
  title: 'URL',
  expected: 'a URL such as "https://collector.example.com/v1/logs"',
  json: { type: 'string', pattern: '^https?://' },
  read(input) {
    if (typeof input !== 'string' || !URL.canParse(input)) return undefined;
    const { protocol, username, password } = new URL(input);
    if (username !== '' || password !== '')
      return new Refusal(`must be a URL without a password, which belongs in "headers": got ${show('…')}`);
    return protocol === 'http:' || protocol === 'https:' ? input : undefined;
  },
});

const collector = z
  .strictObject({
    otlp: optional(httpUrl, {
      says: 'A collector that takes OTLP over HTTP',
      example: 'https://collector.example.com/v1/logs',
    }),
    http: optional(httpUrl, { says: 'A program that takes lines of JSON by POST' }),
    headers: withDefault(
      headers,
      {},
      {
        says: 'Fields of the request; a value `file:/path` is read from that file',
        example: { Authorization: 'file:/etc/holdfast/collector-token' },
      },
    ),
  })
  .transform(({ otlp, http, headers }, context) => {
    const url = otlp ?? http;
    if (url !== undefined && (otlp === undefined || http === undefined))
      return { kind: otlp === undefined ? ('http' as const) : ('otlp' as const), url, headers };
    const message = `${url === undefined ? 'is missing' : 'must be given alone'}: name one of "otlp" and "http"`;
    context.issues.push({ code: 'custom', message, path: ['otlp'], input: otlp });
    return z.NEVER;
  });

const forward = z.union([syslogUrl.transform((url) => ({ kind: 'syslog' as const, url })), collector]);

export const log = section(
  {
    rotate: section(
      {
        size: withDefault(size, '50MB', { says: 'A log file that has reached this size is rotated' }),
        every: optional(choice('hour', 'day'), { says: 'Rotate also at the beginning of each hour or day' }),
        keep: withDefault(wholeNumber(0, 10_000), 10, { says: 'How many rotated files are kept' }),
        compress: withDefault(flag, true, { says: 'Compress rotated files with gzip' }),
      },
      'Rotation',
    ),
    total: withDefault(size, '1GB', {
      says: 'Cap over the current and all rotated files; the oldest go first',
    }),
    format: withDefault(choice('text', 'json'), 'text', {
      says: 'What it writes. `json`: lines of pino or bunyan, of which `hold logs` shows time, level and message',
    }),
    overflow: withDefault(choice('wait', 'drop'), 'wait', {
      says: 'When it writes faster than the disk. `wait`: it is slowed. `drop`: lines are dropped and counted',
    }),
    files: section(
      {
        all: optional(path, { says: 'A file for its whole output', example: 'logs/web.log' }),
        out: optional(path, { says: 'A file for its stdout' }),
        err: optional(path, { says: 'A file for its stderr' }),
        append: withDefault(flag, true, { says: '`false`: they are emptied when somebody starts the app' }),
        merge: withDefault(flag, false, {
          says: 'One file for all instances; else each has its own, with its number in the name',
        }),
        time: optional(text('format', 'a format such as "YYYY-MM-DD HH:mm:ss", or "iso"'), {
          says: 'Write the time before each line, in this format; `iso`: as ISO 8601',
          example: 'YYYY-MM-DD HH:mm:ss',
        }),
        style: withDefault(choice('raw', 'json'), 'raw', {
          says: '`json`: each line becomes an object with message, timestamp, type, process_id and app_name',
        }),
      },
      'Plain files with the lines as they were written, besides the log of Holdfast',
    ),
    forward: withDefault(z.array(forward), [], {
      says: 'Where else the lines go: `"syslog://host:514"`, `{ otlp }` or `{ http }`. Nothing is lost while it is away',
      example: ['syslog://10.0.0.5:514'],
    }),
  },
  'The log of its output',
);
