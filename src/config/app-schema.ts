/** The settings of one app. */
import { z } from 'zod';
import { described, optional, withDefault } from './describe.ts';
import { choice, duration, flag, isWholeNumber, kind, port, text, wholeNumber } from './kinds.ts';
import { cron, health, ready, restart, stop, watch } from './lifecycle-schema.ts';
import { log } from './log-schema.ts';
import { appName, groupName, variableName, variableValue } from './names.ts';
import { rightsShape } from './rights-schema.ts';
import { upstreamRules } from './upstream-schema.ts';

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

/** Versions and ranges as semver writes them; which of them there are is known when it is looked for. */
const comparator = String.raw`(?:[<>]=?|[=~^])?\s*v?\d+(?:\.(?:\d+|[xX*])){0,2}(?:-[\w.]+)?`;
const versionRange = new RegExp(`^${comparator}(?:(?:\\s*\\|\\|\\s*|\\s+-\\s+|\\s+)${comparator})*$`);
const nodeVersion = kind<string | number, string>({
  title: 'version',
  expected: 'a version of Node such as "24", "24.5.0" or ">=22"',
  json: {
    anyOf: [
      { type: 'string', minLength: 1 },
      { type: 'integer', minimum: 16 },
    ],
  },
  read(input) {
    if (isWholeNumber(input, 16, 999)) return String(input);
    return typeof input === 'string' && versionRange.test(input.trim()) ? input.trim() : undefined;
  },
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
  node: optional(nodeVersion, {
    says:
      'The version of Node that runs it, such as `24`, `24.5.0` or `>=22`. It is fetched when it is not there. Left out: the Node ' +
      'that runs Holdfast, and in a release what `.nvmrc`, `.node-version`, `devEngines` or `engines` say',
    example: '24',
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
  secrets: withDefault(
    z.record(variableName, path),
    {},
    {
      says: 'Environment variables whose values are read from files at each start, and are kept and shown nowhere',
      example: { DB_PASSWORD: '/run/secrets/db' },
    },
  ),
  namespace: optional(groupName, {
    says: 'A name for several apps, which commands take like the name of an app',
    example: 'backend',
  }),
  after: withDefault(z.union([appName.transform((name) => [name]), z.array(appName)]), [], {
    says: 'Apps that must be ready before this one is started; it is stopped before them',
    example: ['db'],
  }),
  autostart: withDefault(flag, true, { says: '`false`: it stays stopped until somebody starts it' }),
  port: optional(port, {
    says: 'The port that it listens on; the app finds it in `PORT`. Without it, Holdfast looks what the app listens on',
    example: 3000,
  }),
  portStep: withDefault(wholeNumber(0, 1000), 0, {
    says: 'What each further instance adds to `port`; 0: all instances share it',
  }),
  guest: withDefault(flag, true, {
    says:
      'Load the guest into a Node program: it holds the port, reports readiness and drains. `false`: nothing is ' +
      'loaded, the app just gets `PORT`',
  }),
  stdin: withDefault(flag, false, { says: 'It can be written to with `hold send`; else its input is empty' }),
  ready: withDefault(ready, 'auto', {
    says:
      'When an instance counts as ready. `listen`: when it listens. `started`: when the process runs. `auto`: ' +
      "`listen` when it has a port or a route, else `started`. `message`: when it calls `process.send('ready')`. " +
      '`notify`: when it sends READY=1 to NOTIFY_SOCKET. Or an object: when a probe succeeds',
  }),
  readyTimeout: withDefault(duration, '30s', {
    says: 'How long an instance may take to get ready',
  }),
  health: optional(health, {
    says: 'How an instance that is ready proves that it is well; if not, it is replaced. A path is short for `{ path }`',
    example: '/healthz',
  }),
  watchdog: optional(duration, {
    says:
      'An instance whose event loop is blocked for longer is replaced, and its crash record says where it was stuck. ' +
      'Needs the guest',
    example: '10s',
  }),
  stop,
  drain: withDefault(duration, '30s', {
    says:
      'How long requests and WebSockets of an instance that is being replaced may go on; WebSockets that are still ' +
      'open then are closed with code 1012',
  }),
  restart,
  cron: optional(cron, {
    says: 'It is a job: started by the clock, not at once, and never twice at the same time. A text is short for `{ at }`',
    example: '*/5 * * * *',
  }),
  watch: optional(watch, {
    says: 'Restart it when its files change. `true`: all below `cwd`; a list: these files and directories',
    example: ['src'],
  }),
  ...rightsShape,
  pidFile: optional(path, {
    says: 'A file that holds its pid; with several instances, `-0`, `-1` … come before the extension',
    example: 'web.pid',
  }),
  sticky: withDefault(choice('auto', 'none', 'cookie', 'ip'), 'auto', {
    says:
      'How the edge keeps a client on one instance. `auto`: sessions of Socket.IO and Engine.IO are recognised, ' +
      'everything else goes to the least busy. `cookie`: by a cookie that the edge sets. `ip`: by address',
  }),
  upstream: withDefault(
    upstreamRules,
    {},
    {
      says: 'How the edge sends requests to it. A word is short for `{ protocol }`',
      example: { inFlight: 100, slowStart: '10s' },
    },
  ),
  hold: withDefault(duration, '10s', {
    says: 'How long a request waits at the edge while no instance is ready, before it gets 503',
  }),
  holdMax: withDefault(wholeNumber(0, 1_000_000), 1000, {
    says: 'How many requests may wait so',
  }),
  log,
});

export const appSettings = described(appShape, { says: 'One program to run' });

const shortApp = text('command', 'a script, a command, or an object with settings');
/** A text is short for `{ run }`. */
export const app = z.union([shortApp.transform((run) => appSettings.parse({ run })), appSettings]);

/** Complete and with units resolved. */
export type AppSettings = z.output<typeof appSettings>;
