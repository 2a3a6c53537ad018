/**
 * Every setting, declared once: type, check, default, words for the reference, example. The TypeScript types, the
 * JSON Schema and the reference page come from here. What this hands out is complete: units resolved, defaults in.
 */
import { z } from 'zod';
import { listenAddress, peer, routePrefix, routeTarget, siteHost } from './addresses.ts';
import {
  choice,
  duration,
  durationRange,
  flag,
  isWholeNumber,
  kind,
  port,
  size,
  text,
  wholeNumber,
} from './kinds.ts';
import { appName, variableName, variableValue } from './names.ts';
import { signal } from './signals.ts';

interface Words {
  readonly says: string;
  readonly example?: unknown;
}

/** A setting that may be left out: `fallback` is what one would have written. */
function withDefault<T extends z.ZodType>(schema: T, fallback: z.input<T>, words: Words): z.ZodPrefault<T> {
  return described(schema.prefault(fallback), words);
}

function optional<T extends z.ZodType>(schema: T, words: Words): z.ZodOptional<T> {
  return described(schema.optional(), words);
}

function described<T extends z.ZodType>(schema: T, { says, example }: Words): T {
  return schema.meta({ description: says, ...(example === undefined ? {} : { example }) });
}

/** A part whose settings all have defaults. */
function section<S extends z.ZodRawShape>(shape: S, says: string) {
  return described(z.strictObject(shape).prefault({} as never), { says });
}

const commandLine = text('command', 'a script or a command such as "server.js"');
const argument = kind<string>({
  title: 'text',
  expected: 'a text',
  json: { type: 'string' },
  read: (input) => (typeof input === 'string' && !input.includes('\0') ? input : undefined),
});
const path = text('path', 'a path');

const instances = kind<number | 'max'>({
  title: 'number or "max"',
  expected: 'a whole number from 1 to 1000, or "max"',
  json: { anyOf: [{ type: 'integer', minimum: 1, maximum: 1000 }, { const: 'max' }] },
  read: (input) => (input === 'max' || isWholeNumber(input, 1, 1000) ? input : undefined),
});

const appShape = z.strictObject({
  run: described(z.union([commandLine, z.array(argument).min(1)]), {
    says:
      'What to run: a script, a directory with a package.json, or a command. A text is split into words as a shell ' +
      'does, but no shell runs it; a list is taken word by word. Only `$PORT` is replaced',
    example: 'server.js',
  }),
  args: withDefault(z.array(argument), [], {
    says: 'More arguments for it',
    example: ['--verbose'],
  }),
  instances: withDefault(instances, 1, {
    says: 'How many processes of it run. `max`: as many as this machine can run in parallel',
    example: 'max',
  }),
  cwd: withDefault(path, '.', {
    says: 'Its working directory, relative to the configuration file. `run` and `envFile` are relative to this',
    example: 'api',
  }),
  env: withDefault(
    z.record(variableName, variableValue),
    {},
    {
      says: 'Environment variables. Numbers and booleans become text',
      example: { NODE_ENV: 'production' },
    },
  ),
  envFile: optional(z.union([path, z.array(path).min(1)]), {
    says: 'A file with lines of `KEY=VALUE`, or several, of which the later win; `env` wins over all',
    example: '.env',
  }),
  passEnv: withDefault(z.array(variableName), [], {
    says:
      'Variables to take from the shell that runs `hold up`, besides PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_*, ' +
      'TZ and TMPDIR. A change of them alone changes nothing that runs',
    example: ['AWS_REGION'],
  }),
  port: optional(port, {
    says: 'The port that it listens on; the app finds it in `PORT`. Without it, Holdfast looks what the app listens on',
    example: 3000,
  }),
  guest: withDefault(flag, true, {
    says:
      'Load the guest into a Node program: it holds the port, reports readiness and drains. `false`: nothing is ' +
      'loaded, the app just gets `PORT`',
  }),
  ready: withDefault(choice('auto', 'listen', 'started'), 'auto', {
    says:
      'When an instance counts as ready. `listen`: when it listens. `started`: when the process runs. `auto`: ' +
      '`listen` when it has a port or a route, else `started`',
  }),
  readyTimeout: withDefault(duration, '30s', {
    says: 'How long an instance may take to get ready',
  }),
  stop: section(
    {
      signal: withDefault(signal, 'SIGTERM', { says: 'The signal that asks it to end' }),
      timeout: withDefault(duration, '10s', { says: 'How long it may take to end before SIGKILL' }),
    },
    'How an instance is stopped',
  ),
  drain: withDefault(duration, '30s', {
    says:
      'How long requests and WebSockets of an instance that is being replaced may go on; WebSockets that are still ' +
      'open then are closed with code 1012',
  }),
  restart: section(
    {
      backoff: withDefault(durationRange, ['100ms', '30s'], {
        says: 'The shortest and the longest pause before a crashed instance is started again; it doubles with each crash',
      }),
      giveUpAfter: section(
        {
          crashes: withDefault(wholeNumber(1, 1_000_000), 10, { says: 'Crashes after which it is given up' }),
          within: withDefault(duration, '1m', { says: 'The time within which they happen' }),
        },
        'When to stop trying: the instance is `failed` then, until someone starts it',
      ),
    },
    'What happens after a crash',
  ),
  sticky: withDefault(choice('auto', 'none', 'cookie', 'ip'), 'auto', {
    says:
      'How the edge keeps a client on one instance. `auto`: sessions of Socket.IO and Engine.IO are recognised, ' +
      'everything else goes to the least busy. `cookie`: by a cookie that the edge sets. `ip`: by address',
  }),
  hold: withDefault(duration, '10s', {
    says: 'How long a request waits at the edge while no instance is ready, before it gets 503',
  }),
  holdMax: withDefault(wholeNumber(0, 1_000_000), 1000, {
    says: 'How many requests may wait so',
  }),
  log: section(
    {
      rotate: section(
        {
          size: withDefault(size, '50MB', { says: 'A log file that has reached this size is rotated' }),
          keep: withDefault(wholeNumber(0, 10_000), 10, { says: 'How many rotated files are kept' }),
          compress: withDefault(flag, true, { says: 'Compress rotated files with gzip' }),
        },
        'Rotation',
      ),
      total: withDefault(size, '1GB', {
        says: 'Cap over the current and all rotated files; the oldest go first',
      }),
    },
    'The log of its output',
  ),
});

export const appSettings = described(appShape, { says: 'One program to run' });

const shortApp = text('command', 'a script, a command, or an object with settings');
const app = z.union([shortApp.transform((run) => appSettings.parse({ run })), appSettings]);

const siteShape = z.strictObject({
  routes: described(z.record(routePrefix, routeTarget), {
    says:
      'Where requests go, by path; the longest prefix wins. A prefix covers what is below it: `/api`, like `/api/`, is for ' +
      '`/api` and `/api/x`, not for `/apix`. The path is passed on unchanged',
    example: { '/': 'web', '/legacy/': 'http://127.0.0.1:3000' },
  }),
});

const edge = section(
  {
    processes: withDefault(wholeNumber(1, 64), 1, {
      says: 'How many processes the edge has. One serves more than most apps behind it can answer',
    }),
    unknownHost: withDefault(choice(404, 421), 404, {
      says: 'The status for a host that no site names',
    }),
    trust: withDefault(z.array(peer), [], {
      says:
        'Addresses and networks of proxies in front of Holdfast, whose `X-Forwarded-*` and `Forwarded` fields are ' +
        'believed. From all others they are overwritten',
      example: ['10.0.0.0/8'],
    }),
    accessLog: withDefault(flag, false, {
      says: 'Write one line per request to the log of the edge',
    }),
    limits: section(
      {
        headTimeout: withDefault(duration, '15s', {
          says: "How long a client may take for a request's head",
        }),
        bodyIdle: withDefault(duration, '60s', {
          says: "The longest pause inside a request's body",
        }),
        keepAlive: withDefault(duration, '65s', {
          says:
            'How long an idle connection of a client stays open. More than the 60 seconds of common load balancers, ' +
            'so that they close first and no request meets a closing connection',
        }),
        upstreamTimeout: withDefault(duration, '60s', {
          says: 'How long an app may take to begin its answer, or pause within it. WebSockets and event streams are not limited',
        }),
        connectionsPerIp: withDefault(wholeNumber(1, 1_000_000), 1000, {
          says: 'Open connections from one address',
        }),
        body: withDefault(size, 0, {
          says: 'Largest request body; 0: no limit, since bodies are streamed and never kept',
          example: '10MB',
        }),
      },
      'What a client may take',
    ),
  },
  'The reverse proxy. It runs when there are sites',
);

const configShape = z.strictObject({
  $schema: optional(text('address', 'the address of the schema'), {
    says: 'For editors: where the JSON Schema of this file is',
  }),
  apps: withDefault(
    z.record(appName, app),
    {},
    {
      says: 'The programs to run, by name. A text is short for `{ run }`',
      example: { web: 'server.js' },
    },
  ),
  sites: withDefault(
    z.record(siteHost, described(siteShape, { says: 'What the edge serves under one host' })),
    {},
    {
      says:
        'What the edge serves, by host: `example.com`, `*.example.com` for everything below it, `*` for every host that ' +
        'no other site names. Without sites there is no edge, and apps keep their own ports',
      example: { 'example.com': { routes: { '/': 'web' } } },
    },
  ),
  edge,
  listen: section(
    {
      http: optional(listenAddress, {
        says: 'Where the edge listens for HTTP. Left out: 80 for root, else 8080, which needs no privilege',
        example: 8080,
      }),
    },
    'Where the edge listens',
  ),
});

export const configSettings = described(configShape, { says: 'The configuration of Holdfast' });

/** What a configuration file may say. `config-types.ts` has the same for people to read. */
export type HoldfastConfig = z.input<typeof configSettings>;
/** The same, complete and with units resolved. */
export type AppSettings = z.output<typeof appSettings>;
export type Settings = z.output<typeof configSettings>;
