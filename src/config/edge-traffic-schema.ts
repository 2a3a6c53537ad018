/** What the edge speaks with clients, and what it writes down of their requests. */
import { z } from 'zod';
import type { AccessLogRules, Http2Rules } from '../protocol/traffic-rules.ts';
import { withDefault } from './describe.ts';
import { choice, flag, kind, share, wholeNumber } from './kinds.ts';
import { accessLogDefaults, http2Defaults } from './traffic-defaults.ts';

const http2Settings = z
  .strictObject({
    webSockets: withDefault(flag, http2Defaults.webSockets, {
      says: 'Let browsers open WebSockets within it (RFC 8441). The app notices nothing',
    }),
    streams: withDefault(wholeNumber(1, 10_000), http2Defaults.maxStreams, {
      says: 'How many requests one connection may have open at a time',
    }),
    cleartext: withDefault(flag, http2Defaults.cleartext, {
      says: 'Also understand it without TLS, from clients that begin with it, as those of gRPC do (h2c by prior knowledge)',
    }),
  })
  .transform(
    ({ webSockets, streams, cleartext }): Http2Rules => ({
      tls: true,
      cleartext,
      webSockets,
      maxStreams: streams,
    }),
  );

const http2Word = kind<boolean>({
  title: 'true or false',
  expected: 'true, false or { webSockets, streams, cleartext }',
  json: { type: 'boolean' },
  read: (input) => (typeof input === 'boolean' ? input : undefined),
});

export const http2 = withDefault(
  z.union([http2Word.transform((tls): Http2Rules => ({ ...http2Defaults, tls })), http2Settings]),
  true,
  {
    says: 'Speak HTTP/2 with clients that can, over TLS. Apps are still spoken to as they understand it',
    example: { webSockets: true },
  },
);

/** What a line of JSON may have, in the order in which it has them when nothing is said. */
/** What can be named in `accessLog.fields`. */
export const logFields = [
  'time',
  'ip',
  'host',
  'method',
  'target',
  'protocol',
  'status',
  'bytes',
  'ms',
  'upstreamMs',
  'by',
  'site',
  'route',
  'app',
  'attempts',
  'cache',
  'requestId',
  'referer',
  'userAgent',
  'scheme',
  'requestBytes',
] as const;

const formats = ['short', 'combined', 'json'] as const;

const logSettings = z
  .strictObject({
    format: withDefault(choice(...formats), 'short', {
      says: '`short`: address, host, method, path, status, bytes, time, and who answered. `combined`: as Apache and nginx write it. `json`: an object in each line',
    }),
    fields: withDefault(z.array(choice(...logFields)), [], {
      says: 'Which fields an object has, in this order. For `json`. Left out: the usual ones',
      example: ['time', 'ip', 'method', 'target', 'status', 'ms'],
    }),
    sample: withDefault(share, '100%', {
      says: 'Write only this part of the requests; those that fail with 5xx are always written',
      example: '10%',
    }),
  })
  .transform((rules, context): AccessLogRules => {
    const { format, fields } = rules;
    const issue = (message: string) =>
      context.issues.push({ code: 'custom', message, path: ['fields'], input: fields });
    if (fields.length > 0 && format !== 'json')
      issue('needs "format: \'json\'": the others have fields of their own');
    const twice = fields.find((field, index) => fields.indexOf(field) !== index);
    if (twice !== undefined) issue(`names "${twice}" twice`);
    return rules;
  });

const logWord = kind<boolean | (typeof formats)[number], AccessLogRules | null>({
  title: 'true, false, "short", "combined" or "json"',
  expected: 'true, false, "combined", "json" or { format, fields, sample }',
  json: { enum: [true, false, ...formats] },
  read(input) {
    if (input === false) return null;
    if (input === true) return accessLogDefaults;
    const format = formats.find((one) => one === input);
    return format === undefined ? undefined : { ...accessLogDefaults, format };
  },
});

export const accessLog = withDefault(z.union([logWord, logSettings]), false, {
  says: 'Write one line for each request to the log of the edge. `true`: short lines, or `combined`, `json`, or an object with settings',
  example: 'combined',
});
