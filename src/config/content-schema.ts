/** The settings of one site about its content: files, compression, fields of answers, redirects, who may enter, pages. */
import { z } from 'zod';
import { isKeptPassword } from '../kit/password.ts';
import { canonicalPrefix, peer } from './addresses.ts';
import { described, optional, withDefault } from './describe.ts';
import { choice, flag, kind, Refusal, text } from './kinds.ts';

const file = text('path', 'a path');

/** What a field of an answer must not hold, since it would begin another one: control characters. */
const isFieldValue = (value: string) => /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/.test(value);

/** These say how an answer is sent, and that only the edge knows. */
const ownFields =
  /^(?:connection|content-(?:encoding|length|range)|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|x-holdfast-.*)$/i;

const fieldName = kind<string>({
  title: 'header name',
  expected: 'the name of a header',
  json: { type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
  read(input) {
    if (typeof input !== 'string' || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(input)) return undefined;
    return ownFields.test(input) ? new Refusal('must not be set here: it says how an answer is sent') : input;
  },
});

const fieldValue = kind<string | false>({
  title: 'text or false',
  expected: 'a text of one line, or false to remove the header',
  json: { anyOf: [{ type: 'string', minLength: 1 }, { const: false }] },
  read: (input) =>
    input === false || (typeof input === 'string' && isFieldValue(input)) ? input : undefined,
});

/** A path, or with `/*` at its end all that is below it. */
const rulePath = kind<string>({
  title: 'path',
  expected: 'a path such as "/old", or "/old/*" for all that is below it',
  json: { type: 'string', pattern: '^/' },
  read(input) {
    if (typeof input !== 'string') return undefined;
    const prefix = canonicalPrefix(input.replace(/\/\*$/, '/'));
    return prefix instanceof Refusal ? prefix : input;
  },
});

const redirectTarget = kind<string>({
  title: 'path or URL',
  expected: 'a path such as "/new", or a URL; with "/*" at its end what is below is kept',
  json: { type: 'string', pattern: '^(/|https?://)' },
  read(input) {
    if (typeof input !== 'string') return undefined;
    if (/^\/(?![/\\])[^\s\p{Cc}?#]*(?:[?#][\x21-\x7e]*)?$/u.test(input)) return input;
    if (!/^[\x21-\x7e]+$/.test(input)) return undefined;
    return /^https?:\/\/[^/]/i.test(input) && URL.canParse(input.replace(/\/\*$/, '/')) ? input : undefined;
  },
});

const redirect = z.union([
  redirectTarget,
  z.strictObject({
    to: described(redirectTarget, { says: 'Where to', example: '/new' }),
    status: withDefault(choice(301, 302, 303, 307, 308), 307, {
      says: 'Browsers remember 301 and 308 for ever; with 307 and 308 a POST stays a POST',
    }),
  }),
]);

const passwordHash = kind<string>({
  title: 'what `hold hash-password` prints',
  expected: 'what `hold hash-password` prints, such as "scrypt:16384:8:5:…"',
  json: { type: 'string', pattern: '^scrypt:' },
  read(input) {
    if (typeof input === 'string' && isKeptPassword(input)) return input;
    // It may be the password itself.
    return new Refusal('must be what `hold hash-password` prints, beginning with "scrypt:"');
  },
});

const userName = kind<string>({
  title: 'name',
  expected: 'a name without ":"',
  json: { type: 'string', pattern: '^[^:]+$' },
  read: (input) => (typeof input === 'string' && /^[^:\p{Cc}]+$/u.test(input) ? input : undefined),
});

const realm = kind<string>({
  title: 'text',
  expected: 'a text without quotes',
  json: { type: 'string' },
  read: (input) =>
    typeof input === 'string' && /^[\x20-\x7e]+$/.test(input) && !/["\\]/.test(input) ? input : undefined,
});

const errorStatus = kind<string>({
  title: 'status',
  expected: 'a status from 400 to 599',
  json: { type: 'string', pattern: '^[45]\\d\\d$' },
  read: (input) => (/^[45]\d\d$/.test(String(input)) ? String(input) : undefined),
});

const index = kind<string | false>({
  title: 'file name or false',
  expected: 'the name of a file, or false',
  json: { anyOf: [{ type: 'string', minLength: 1 }, { const: false }] },
  read(input) {
    if (input === false) return input;
    return typeof input === 'string' && /^[^./\\\p{Cc}][^/\\\p{Cc}]*$/u.test(input) ? input : undefined;
  },
});

const cacheControl = kind<string>({
  title: 'text',
  expected: 'a text such as "public, max-age=3600"',
  json: { type: 'string', minLength: 1 },
  read: (input) => (typeof input === 'string' && isFieldValue(input) ? input : undefined),
});

/** Of a route, in place of an app. */
export const filesTarget = z
  .strictObject({
    files: described(file, {
      says: 'A directory, whose files are served. Names that begin with a dot, and what symbolic links lead to elsewhere, are not',
      example: 'public',
    }),
    index: withDefault(index, 'index.html', { says: 'The file that is served for a directory; false: none' }),
    spa: withDefault(flag, false, {
      says: 'Answer addresses that no file has with the index, as apps in the browser with addresses of their own need it',
    }),
    cacheControl: withDefault(cacheControl, 'no-cache', {
      says: 'The `Cache-Control` header. `no-cache`: browsers keep files, and ask each time whether they are still the same',
      example: 'public, max-age=31536000, immutable',
    }),
  })
  .transform((settings) => ({ kind: 'files' as const, ...settings }));

/** Of a site; spread into its settings. */
export const contentSettings = {
  compress: withDefault(flag, false, {
    says: 'Compress answers that are text, of 1 KB and more, if the client can read that. See the guide about secrets in compressed pages',
  }),
  headers: withDefault(
    z.record(fieldName, fieldValue),
    {},
    {
      says: "Headers of all answers, which replace the app's; false removes one",
      example: { 'X-Frame-Options': 'DENY', 'X-Powered-By': false },
    },
  ),
  security: withDefault(flag, false, {
    says: 'Add the usual security headers where the app has not said otherwise, and remove `X-Powered-By`',
  }),
  redirects: withDefault(
    z.record(rulePath, redirect),
    {},
    {
      says: 'Paths that are elsewhere: `{ "/old": "/new" }`, or with all that is below, `{ "/blog/*": "https://blog.example.com/*" }`',
      example: { '/old': '/new' },
    },
  ),
  rewrites: withDefault(
    z.record(rulePath, rulePath),
    {},
    {
      says: 'Paths that are looked up, and reach the app, under another one: `{ "/v1/*": "/api/*" }`. Clients do not notice',
      example: { '/about': '/pages/about.html' },
    },
  ),
  auth: optional(
    z.strictObject({
      users: described(z.record(userName, passwordHash), {
        says: 'The password of each, as `hold hash-password` prints it',
        example: { ann: 'scrypt:16384:8:5:…' },
      }),
      realm: withDefault(realm, 'Restricted', { says: 'What browsers show when they ask' }),
    }),
    {
      says: 'Ask for a name and a password (HTTP Basic). Without `tls` passwords can be read on the way',
    },
  ),
  allow: withDefault(z.array(peer), [], {
    says: 'Addresses and networks of clients that may enter. Left out: all. Behind a proxy in `edge.trust`, the address that it names counts',
    example: ['10.0.0.0/8'],
  }),
  deny: withDefault(z.array(peer), [], {
    says: 'Addresses and networks of clients that may not enter, whatever `allow` says',
  }),
  maintenance: withDefault(
    z.union([
      z.strictObject({
        page: optional(file, { says: 'The page (HTML) to show instead of the own one of Holdfast' }),
        allow: withDefault(z.array(peer), [], {
          says: 'For these addresses and networks the site stays open',
        }),
      }),
      flag,
    ]),
    false,
    {
      says: 'Answer everything with a page that says that the site is being worked on (503). `true`, or `{ page, allow }`',
    },
  ),
  errorPages: withDefault(
    z.record(errorStatus, file),
    {},
    {
      says: 'Pages (HTML) for errors of the edge, by status, such as 502 when the app does not answer. Errors that the app itself answers stay as they are',
      example: { 502: 'pages/502.html' },
    },
  ),
  requestId: withDefault(flag, false, {
    says: 'Give each request a number: `X-Request-Id`, for the app and the client, and in the access log. A number from a proxy in `edge.trust` is kept',
  }),
};

export function isBelow(path: string): boolean {
  return path.endsWith('/*');
}
